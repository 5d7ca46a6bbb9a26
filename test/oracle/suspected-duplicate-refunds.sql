-- B: of equal refunds of a charge, each within a day of the one before, only one was meant, where channel and caller say that they
-- are not the same one.

CREATE TABLE contribution AS
SELECT charge_no AS key, currency, pk, gmt_create AS due, amount || ' ' || currency || '|' || reason || '|' || channel_ref AS likeness,
       request_no, channel_no, seed, valid_from, valid_to
FROM charge_refunds WHERE status IN (1, 2) AND NOT deleted;

CREATE TABLE called (cause, class);
