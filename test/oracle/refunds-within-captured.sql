-- B: no more is given back, or about to be, than was captured. Amounts in minor units.

CREATE TABLE contribution AS
SELECT charge_no AS key, currency, 'part' AS side, amount, gmt_create + 6 * 3600000 AS due, seed, valid_from, valid_to
FROM charge_refunds WHERE status IN (1, 2) AND NOT deleted
UNION ALL
SELECT charge_no, currency, 'whole', amount, gmt_create, seed, valid_from, valid_to
FROM charges WHERE status = 1 AND NOT deleted;

CREATE TABLE called AS
SELECT 'exceeded' AS cause, 'over-refund' AS class UNION SELECT 'repeated', 'over-refund'
UNION SELECT 'unknown', 'refund-of-unknown-payment';
