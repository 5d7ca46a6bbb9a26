-- One row for each key. Wants `there (key, p, baseline, currency, due, pk)`.

CREATE TABLE judged AS
WITH numbered AS (
  SELECT key, p, baseline, currency, row_number() OVER (PARTITION BY key, p, baseline ORDER BY due, pk) AS n FROM there
)
SELECT key, p, baseline, currency, CASE WHEN max(n) > 1 THEN 'duplicate-refund' END AS class
FROM numbered GROUP BY key, p, baseline, currency;
