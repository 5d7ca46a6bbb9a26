-- Σ parts ≤ Σ whole by key and currency. Wants `there (key, p, baseline, currency, side, amount, is_due)`, with the sides `part` and
-- `whole`, and `called (cause, class)`.

CREATE TABLE judged AS
WITH
  total AS (
    SELECT key, p, baseline, currency,
      sum(side = 'part') AS parts,
      sum(side = 'whole') AS wholes,
      sum(side = 'part' AND is_due) AS parts_due,
      coalesce(sum(amount) FILTER (WHERE side = 'part'), 0) AS taken,
      coalesce(sum(amount) FILTER (WHERE side = 'whole'), 0) AS there
    FROM there
    GROUP BY key, p, baseline, currency
  ),
  seen AS (
    SELECT *, sum(parts) OVER every AS all_parts, sum(wholes) OVER every AS all_wholes
    FROM total WINDOW every AS (PARTITION BY key, p, baseline)
  ),
  caused AS (
    SELECT *,
      CASE
        WHEN parts = 0 THEN NULL
        WHEN all_wholes = 0 THEN CASE WHEN parts_due > 0 THEN 'unknown' END
        WHEN taken <= there THEN NULL
        WHEN all_parts > 1 THEN 'repeated'
        ELSE 'exceeded'
      END AS cause
    FROM seen
  )
SELECT key, p, baseline, currency, called.class FROM caused LEFT JOIN called USING (cause);
