-- Σ expected = Σ actual by key and currency. Wants `there (key, p, baseline, currency, side, amount, is_due)`, in which what goes
-- back is negative, and `called (cause, class)` where causes have names of their own.

CREATE TABLE judged AS
WITH
  total AS (
    SELECT key, p, baseline, currency,
      max(side = 'expected') AS is_captured,
      max(side = 'actual') AS is_settled,
      max(side = 'actual' AND is_due) AS is_line_due,
      sum(amount) FILTER (WHERE side <> 'actual' AND (amount < 0 OR is_due)) AS lower,
      sum(amount) FILTER (WHERE side <> 'actual' AND (amount >= 0 OR is_due)) AS upper,
      sum(amount) FILTER (WHERE side = 'actual') AS actual,
      -- A claw-back ahead of its refund is silent until its own deadline.
      sum(amount) FILTER (WHERE side = 'actual' AND amount < 0 AND NOT is_due) AS ahead
    FROM there
    GROUP BY key, p, baseline, currency
  ),
  seen AS (
    SELECT *,
      sum(is_captured) OVER every AS captured_in,
      sum(is_settled) OVER every AS settled_in,
      sum(is_captured AND is_settled) OVER every AS both_in
    FROM total WINDOW every AS (PARTITION BY key, p, baseline)
  ),
  caused AS (
    SELECT key, p, baseline, currency,
      captured_in = 1 AND settled_in > 0 AND both_in = 0 AS is_mismatch,
      is_captured,
      CASE
        WHEN captured_in = 0 THEN CASE WHEN is_line_due THEN 'unknown-payment' END
        WHEN coalesce(actual, 0) > coalesce(upper, 0) THEN 'over-charge'
        WHEN coalesce(actual, 0) - coalesce(ahead, 0) >= coalesce(lower, 0) THEN NULL
        WHEN is_settled THEN 'under-charge'
        ELSE 'missing'
      END AS cause
    FROM seen
  ),
  silenced AS (
    SELECT key, p, baseline, currency,
      CASE
        WHEN NOT is_mismatch THEN cause
        WHEN is_captured AND cause IS NOT NULL THEN 'currency-mismatch'
      END AS cause
    FROM caused
  )
SELECT key, p, baseline, currency, coalesce(called.class, cause) AS class FROM silenced LEFT JOIN called USING (cause);
