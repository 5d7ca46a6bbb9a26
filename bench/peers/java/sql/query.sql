-- Time enters SQL by windows: a payment's session ends when nothing has come of it for a day, and is judged then.
INSERT INTO verdicts
SELECT
  CAST(payment_id AS STRING),
  MAX(currency),
  'fail',
  CASE
    WHEN SUM(captures) = 0 THEN 'unknown-payment'
    WHEN SUM(captures) = COUNT(*) THEN 'missing'
    WHEN SUM(settled) < SUM(captured) THEN 'under-charge'
    ELSE 'over-charge'
  END,
  CAST(ABS(SUM(settled) - SUM(captured)) * 10000 AS BIGINT)
FROM SESSION(
  TABLE changes PARTITION BY payment_id,
  DESCRIPTOR(changed_at),
  INTERVAL '24' HOUR
)
GROUP BY payment_id, window_start, window_end
HAVING SUM(captured) <> SUM(settled);
