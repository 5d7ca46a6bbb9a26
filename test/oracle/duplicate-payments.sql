-- B: no more is captured for a purchase than is due.

CREATE TABLE contribution AS
SELECT purchase_no AS key, currency, 'part' AS side, amount, gmt_create + 6 * 3600000 AS due, seed, valid_from, valid_to
FROM charges WHERE status = 1 AND NOT deleted
UNION ALL
SELECT purchase_no, currency, 'whole', due_amount, at, seed, valid_from, valid_to
FROM purchases WHERE NOT deleted;

CREATE TABLE called AS
SELECT 'exceeded' AS cause, 'over-capture' AS class UNION SELECT 'repeated', 'duplicate-payment'
UNION SELECT 'unknown', 'payment-of-unknown-purchase';
