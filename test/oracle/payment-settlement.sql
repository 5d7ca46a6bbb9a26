-- A1: what was captured, less what goes back, is what is settled. Amounts in units of 10^-4, times in ms.

CREATE TABLE contribution AS
SELECT payment_id AS key, currency, 'capture' AS kind, amount * 10 AS amount,
       coalesce(captured_at, at) + 86400000 AS due, seed, valid_from, valid_to
FROM payments WHERE status = 'captured' AND NOT deleted
UNION ALL
SELECT payment_id, currency, 'back', -amount * 10, coalesce(refunded_at, at) + 5 * 86400000, seed, valid_from, valid_to
FROM refunds WHERE status = 'succeeded' AND NOT deleted
UNION ALL
SELECT payment_id, currency, 'line', net + fee, coalesce(booked_at, at) + 86400000, seed, valid_from, valid_to
FROM settlement_lines WHERE NOT deleted;

CREATE TABLE judged AS
WITH
  change AS (
    SELECT key, valid_from AS at FROM contribution WHERE NOT seed
    UNION
    SELECT key, valid_to FROM contribution WHERE valid_to < 1 << 60
  ),
  point AS (
    SELECT key, at + 2000 AS p, 0 AS baseline FROM change
    WHERE NOT EXISTS (
      SELECT 1 FROM change AS next WHERE next.key = change.key AND next.at > change.at AND next.at <= change.at + 2000)
    UNION
    SELECT key, due + 2000, 0 FROM contribution WHERE valid_from <= due + 2000 AND due + 2000 < valid_to
  ),
  judging AS (
    SELECT key, p, baseline FROM point, span WHERE p > first AND p <= "end"
    UNION
    SELECT key, first, 1 FROM contribution, span WHERE seed
  ),
  total AS (
    SELECT judging.key, p, baseline, currency,
      max(kind = 'capture') AS is_captured,
      max(kind = 'line') AS is_settled,
      max(kind = 'line' AND due + 2000 <= p) AS is_line_due,
      sum(amount) FILTER (WHERE kind = 'back' OR (kind = 'capture' AND due + 2000 <= p)) AS lower,
      sum(amount) FILTER (WHERE kind = 'capture' OR (kind = 'back' AND due + 2000 <= p)) AS upper,
      sum(amount) FILTER (WHERE kind = 'line') AS actual,
      -- A claw-back ahead of its refund is silent until its own deadline.
      sum(amount) FILTER (WHERE kind = 'line' AND amount < 0 AND due + 2000 > p) AS ahead
    FROM judging JOIN contribution ON contribution.key = judging.key AND valid_from <= p AND p < valid_to
    GROUP BY judging.key, p, baseline, currency
  ),
  seen AS (
    SELECT *,
      sum(is_captured) OVER every AS captured_in,
      sum(is_settled) OVER every AS settled_in,
      sum(is_captured AND is_settled) OVER every AS both_in
    FROM total WINDOW every AS (PARTITION BY key, p, baseline)
  ),
  cause AS (
    SELECT key, p, baseline, currency,
      captured_in = 1 AND settled_in > 0 AND both_in = 0 AS is_mismatch,
      is_captured,
      CASE
        WHEN captured_in = 0 THEN CASE WHEN is_line_due THEN 'unknown-payment' END
        WHEN coalesce(actual, 0) > coalesce(upper, 0) THEN 'over-charge'
        WHEN coalesce(actual, 0) - coalesce(ahead, 0) >= coalesce(lower, 0) THEN NULL
        WHEN is_settled THEN 'under-charge'
        ELSE 'missing'
      END AS class
    FROM seen
  )
SELECT key, p, baseline, currency,
  CASE
    WHEN NOT is_mismatch THEN class
    WHEN is_captured AND class IS NOT NULL THEN 'currency-mismatch'
  END AS class
FROM cause;
