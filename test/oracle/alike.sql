-- Rows of a key that are alike, one soon after the other. Wants `there (…, pk, due, likeness, request_no, channel_no)`.

CREATE TABLE judged AS
WITH RECURSIVE
  gap AS (
    SELECT *, coalesce(due - lag(due) OVER near > 86400000, 1) AS begins FROM there
    WINDOW near AS (PARTITION BY key, p, baseline, likeness ORDER BY due, pk)
  ),
  clustered AS (
    SELECT *, sum(begins) OVER (PARTITION BY key, p, baseline, likeness ORDER BY due, pk) AS cluster FROM gap
  ),
  numbered AS (
    SELECT *, row_number() OVER (PARTITION BY key, p, baseline, likeness, cluster ORDER BY due, pk) AS n
    FROM clustered WHERE channel_no IS NOT NULL
  ),
  -- Row after row of a cluster: it counts if neither of its ids is that of one that counts already.
  counting AS (
    SELECT key, p, baseline, likeness, cluster, currency, n, '|' || request_no || '|' || channel_no || '|' AS known, 1 AS counted
    FROM numbered WHERE n = 1
    UNION ALL
    SELECT key, p, baseline, likeness, cluster, next.currency, next.n,
      CASE
        WHEN instr(known, '|' || request_no || '|') OR instr(known, '|' || channel_no || '|') THEN known
        ELSE known || request_no || '|' || channel_no || '|'
      END,
      counted + NOT (instr(known, '|' || request_no || '|') OR instr(known, '|' || channel_no || '|'))
    FROM counting JOIN numbered AS next USING (key, p, baseline, likeness, cluster) WHERE next.n = counting.n + 1
  )
SELECT key, p, baseline, currency, CASE WHEN max(counted) > 1 THEN 'suspected-duplicate' END AS class
FROM counting GROUP BY key, p, baseline, currency
UNION
SELECT key, p, baseline, currency, NULL FROM there;
