-- Where a key is judged: behind its newest change, and behind each deadline of what is there then; and at the end of the seed.
-- Wants `contribution (key, due, seed, valid_from, valid_to, …)`.

CREATE TABLE change AS
SELECT key, valid_from AS at FROM contribution WHERE NOT seed
UNION
SELECT key, valid_to FROM contribution WHERE valid_to < 1 << 60;

CREATE INDEX change_of_key ON change (key, at);
CREATE INDEX contribution_of_key ON contribution (key, valid_from);

CREATE TABLE judging AS
WITH point AS (
  SELECT key, at + 2000 AS p FROM change
  WHERE NOT EXISTS (
    SELECT 1 FROM change AS next WHERE next.key = change.key AND next.at > change.at AND next.at <= change.at + 2000)
  UNION
  SELECT key, due + 2000 FROM contribution WHERE valid_from <= due + 2000 AND due + 2000 < valid_to
)
SELECT key, p, 0 AS baseline FROM point, span WHERE p > first AND p <= "end"
UNION
SELECT key, first, 1 FROM contribution, span WHERE seed;

CREATE TABLE there AS
SELECT contribution.*, p, baseline, due + 2000 <= p AS is_due
FROM judging JOIN contribution ON contribution.key = judging.key AND valid_from <= p AND p < valid_to;
