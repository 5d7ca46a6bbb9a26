-- A1: what was captured, less what goes back, is what is settled. Amounts in units of 10^-4, times in ms.

CREATE TABLE contribution AS
SELECT payment_id AS key, currency, 'expected' AS side, amount * 10 AS amount,
       coalesce(captured_at, at) + 86400000 AS due, seed, valid_from, valid_to
FROM payments WHERE status = 'captured' AND NOT deleted
UNION ALL
SELECT payment_id, currency, 'back', -amount * 10, coalesce(refunded_at, at) + 5 * 86400000, seed, valid_from, valid_to
FROM refunds WHERE status = 'succeeded' AND NOT deleted
UNION ALL
SELECT payment_id, currency, 'actual', net + fee, coalesce(booked_at, at) + 86400000, seed, valid_from, valid_to
FROM settlement_lines WHERE NOT deleted;

CREATE TABLE called (cause, class);
