-- What is settled stays settled, nothing is deleted, and an amount changes with its version and time: by all that a transaction
-- did to a row. Wants what transactions.sql leaves.

CREATE TABLE judged AS
WITH
  placed AS (
    SELECT *, row_number() OVER (PARTITION BY key, p, pk ORDER BY pos) AS n,
      row_number() OVER (PARTITION BY key, p, pk ORDER BY pos DESC) AS back
    FROM wrote
  ),
  -- From what the first write found to what the last one left.
  net AS (
    SELECT last.key, last.p, last.op = 'd' AS is_gone,
      first.op <> 'c' AND last.op <> 'd' AND NOT first.was_known AS is_unknown,
      first.op <> 'c' AND first.was_known AND last.op <> 'd' AS is_change,
      first.was_status, last.status IS NOT first.was_status AS by_status,
      last.amount IS NOT first.was_amount OR last.currency IS NOT first.was_currency AS by_amount,
      last.version IS NOT first.was_version AS by_version, last.updated_at IS NOT first.was_updated_at AS by_time
    FROM placed AS first JOIN placed AS last USING (key, p, pk)
    WHERE first.n = 1 AND last.back = 1 AND NOT (first.op = 'c' AND last.op = 'd')
  ),
  found AS (
    SELECT key, p,
      max(is_change AND by_status AND was_status = 'settled') AS is_reopened,
      max(is_gone) AS is_deleted,
      max(is_change AND by_amount AND NOT (by_version AND by_time)) AS is_unguarded,
      max(is_unknown) AS is_unknown
    FROM net GROUP BY key, p
  )
SELECT key, p, 0 AS baseline, currency,
  CASE
    WHEN is_reopened THEN 'terminal-left'
    WHEN is_deleted THEN 'deleted-row'
    WHEN is_unguarded THEN 'unguarded-change'
    WHEN is_unknown THEN 'unattributable'
  END AS class
FROM moved LEFT JOIN found USING (key, p);
