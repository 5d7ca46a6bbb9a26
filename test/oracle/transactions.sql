-- Transactions where all of their writes are there, and their end: behind each of these. Wants `said (key, pk, pos, at, op, …)`,
-- `finished (key, at, events)`, and `noted (key, at, …)`.

-- Each write with what the row was before, as far as that is known from the changes in front of it.
CREATE TABLE written AS
WITH former AS (
  SELECT key, pk, pos, at, op,
    coalesce(NOT lag(deleted) OVER own, 0) AS was_known,
    CASE WHEN op <> 'd' THEN account END AS account, CASE WHEN op <> 'd' THEN amount END AS amount,
    CASE WHEN op <> 'd' THEN currency END AS currency, CASE WHEN op <> 'd' THEN status END AS status,
    CASE WHEN op <> 'd' THEN version END AS version, CASE WHEN op <> 'd' THEN updated_at END AS updated_at,
    lag(account) OVER own AS was_account, lag(amount) OVER own AS was_amount, lag(currency) OVER own AS was_currency,
    lag(status) OVER own AS was_status, lag(version) OVER own AS was_version, lag(updated_at) OVER own AS was_updated_at
  FROM said WINDOW own AS (PARTITION BY pk ORDER BY pos)
)
SELECT * FROM former WHERE op <> 'r';

CREATE INDEX written_by_key ON written (key, at);
CREATE INDEX finished_by_key ON finished (key, at);

CREATE TABLE judging AS
SELECT DISTINCT key, at + 2000 AS p
FROM (SELECT key, at FROM written UNION SELECT key, at FROM finished UNION SELECT key, at FROM noted), span
WHERE at + 2000 > first AND at + 2000 <= "end";

CREATE TABLE complete AS
SELECT key, p FROM judging
WHERE (SELECT count(*) FROM written WHERE written.key = judging.key AND at <= p)
  >= (SELECT max(events) FROM finished WHERE finished.key = judging.key AND at <= p);

CREATE TABLE wrote AS
SELECT written.*, p FROM complete JOIN written ON written.key = complete.key AND at <= p;

-- The one currency in which money was moved, if it is one.
CREATE TABLE moved AS
WITH known AS (SELECT * FROM wrote WHERE op <> 'u' OR was_known),
touched AS (
  SELECT key, p, currency FROM known WHERE op = 'u' AND currency = was_currency AND amount <> was_amount
  UNION
  SELECT key, p, currency FROM known
  WHERE amount <> 0 AND (op <> 'u' OR (currency IS NOT was_currency AND amount IS NOT was_amount))
  UNION
  SELECT key, p, was_currency FROM known
  WHERE was_amount <> 0 AND was_known AND (op = 'd' OR (op = 'u' AND currency IS NOT was_currency))
)
SELECT complete.key, complete.p, CASE count(DISTINCT currency) WHEN 1 THEN max(currency) ELSE 'XXX' END AS currency
FROM complete LEFT JOIN touched USING (key, p) GROUP BY complete.key, complete.p;
