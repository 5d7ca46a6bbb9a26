-- B: what succeeded is booked, and what is booked has succeeded.

CREATE TABLE contribution AS
SELECT refund_no AS key, currency, 'expected' AS side, amount, coalesce(gmt_finish, at) + 12 * 3600000 AS due,
       seed, valid_from, valid_to
FROM charge_refunds WHERE status IN (2, 4) AND NOT deleted
UNION ALL
SELECT refund_no, currency, 'actual', amount, coalesce(booked_at, at) + 12 * 3600000, seed, valid_from, valid_to
FROM refund_bookings WHERE NOT deleted;

CREATE TABLE called AS
SELECT 'missing' AS cause, 'success-never-booked' AS class UNION SELECT 'unknown-payment', 'booking-never-succeeded'
UNION SELECT 'under-charge', 'booked-too-little' UNION SELECT 'over-charge', 'booked-too-much'
UNION SELECT 'currency-mismatch', 'booked-in-other-currency';
