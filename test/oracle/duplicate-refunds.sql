-- B: a request is refunded once.

CREATE TABLE contribution AS
SELECT request_no AS key, currency, pk, gmt_create AS due, seed, valid_from, valid_to
FROM charge_refunds WHERE status IN (1, 2) AND NOT deleted;

CREATE TABLE called (cause, class);
