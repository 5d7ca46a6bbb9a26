-- C: old and new accounts say the same, once a key has been quiet for half a minute; rows that were there before have three days.

CREATE TABLE zoned AS
WITH shown AS (
  SELECT pk, pos, opened_at, strftime('%Y', opened_at / 1000, 'unixepoch') AS year FROM accounts_v2
)
SELECT pk, pos,
  -- What a clock in Berlin showed: an hour ahead, and two between the last Sundays of March and October, 01:00.
  opened_at + 3600000 + CASE
    WHEN opened_at / 1000 >= unixepoch(date(year || '-03-31', '-' || strftime('%w', year || '-03-31') || ' days')) + 3600
     AND opened_at / 1000 < unixepoch(date(year || '-10-31', '-' || strftime('%w', year || '-10-31') || ' days')) + 3600
    THEN 3600000 ELSE 0 END AS opened_at
FROM shown;

CREATE TABLE version AS
SELECT id AS key, 'old' AS side, deleted, seed, at, valid_from, valid_to,
  coalesce(owner_name, '') || '|' || CASE state WHEN 1 THEN 'active' WHEN 2 THEN 'frozen' WHEN 3 THEN 'closed' END
    || '|' || (balance * 10) || currency
    || '|' || CASE WHEN coalesce(credit_limit, 0) = 0 THEN '0' ELSE (credit_limit * 10) || currency END
    || '|' || opened_at AS says
FROM accounts
UNION ALL
SELECT legacy_id, 'new', deleted, seed, at, valid_from, valid_to,
  owner_name || '|' || state || '|' || balance || currency
    || '|' || CASE WHEN credit_limit = 0 THEN '0' ELSE credit_limit || currency END || '|' || zoned.opened_at
FROM accounts_v2 JOIN zoned USING (pk, pos);

CREATE INDEX version_of_key ON version (key, side, valid_from);

CREATE TABLE change AS SELECT DISTINCT key, at FROM version WHERE NOT seed;
CREATE INDEX change_of_key ON change (key, at);

-- Behind each change, half a minute behind it, and where seeded rows are late.
CREATE TABLE judging AS
WITH point AS (
  SELECT key, at + 2000 AS p FROM change
  WHERE NOT EXISTS (
    SELECT 1 FROM change AS next WHERE next.key = change.key AND next.at > change.at AND next.at <= change.at + 2000)
  UNION
  SELECT key, at + 32000 FROM version
  UNION
  SELECT key, at + 3 * 86400000 + 2000 FROM version WHERE seed
)
SELECT key, p, row_number() OVER (PARTITION BY key ORDER BY p) AS n FROM point, span WHERE p > first AND p <= "end";

CREATE TABLE seen AS
WITH side AS (
  SELECT judging.key, n, p, side,
    sum(p < valid_to AND NOT deleted) AS rows,
    max(says) FILTER (WHERE p < valid_to AND NOT deleted) AS says,
    max(at) AS changed,
    -- A row that was there before has until then.
    max(seed AND p < valid_to AND at + CASE side WHEN 'old' THEN 3 * 86400000 ELSE 30000 END + 2000 > p) AS is_held
  FROM judging JOIN version ON version.key = judging.key AND valid_from <= p
  GROUP BY judging.key, n, side
),
both AS (
  SELECT judging.key, judging.n, judging.p,
    coalesce(old.rows, 0) AS old_rows, coalesce(new.rows, 0) AS new_rows, old.says AS old_says, new.says AS new_says,
    coalesce(old.changed, -(1 << 50)) AS old_changed, coalesce(new.changed, -(1 << 50)) AS new_changed,
    coalesce(old.is_held, 0) OR coalesce(new.is_held, 0) AS is_held, old.key IS NOT NULL AS was_old
  FROM judging
  LEFT JOIN side AS old ON old.key = judging.key AND old.n = judging.n AND old.side = 'old'
  LEFT JOIN side AS new ON new.key = judging.key AND new.n = judging.n AND new.side = 'new'
)
SELECT *,
  CASE
    WHEN old_rows > new_rows THEN 'missing-in-new'
    WHEN new_rows > old_rows AND old_rows = 0 AND was_old THEN 'delete-not-propagated'
    WHEN new_rows > old_rows THEN 'missing-in-old'
    WHEN old_rows = 0 OR old_says = new_says THEN NULL
    WHEN EXISTS (
      SELECT 1 FROM version AS former
      WHERE former.key = both.key AND side = 'old' AND NOT deleted AND valid_to <= p AND former.says = new_says) THEN 'stale'
    ELSE 'field-differs'
  END AS differs,
  -- Of two changes that clocks cannot tell apart the first counts.
  CASE WHEN abs(old_changed - new_changed) <= 2000 THEN min(old_changed, new_changed) ELSE max(old_changed, new_changed) END AS begun,
  max(old_changed, new_changed) + 30000 AS quiet_at
FROM both;

CREATE INDEX seen_in_order ON seen (key, n);

CREATE TABLE judged AS
WITH RECURSIVE
  -- Since when the sides have differed, and what was said of that.
  told (key, n, p, since, class) AS (
    SELECT key, 0, 0, NULL, NULL FROM (SELECT DISTINCT key FROM seen)
    UNION ALL
    SELECT seen.key, seen.n, seen.p,
      CASE WHEN differs IS NULL OR (told.class IS NULL AND is_held) THEN NULL ELSE coalesce(since, begun) END,
      CASE
        WHEN differs IS NULL OR (told.class IS NULL AND is_held) THEN NULL
        WHEN told.class IS NOT NULL AND quiet_at > seen.p - 2000 THEN told.class
        WHEN min(old_changed, new_changed) < coalesce(since, begun) AND coalesce(since, begun) + 30000 > seen.p - 2000 THEN NULL
        WHEN min(old_changed, new_changed) >= coalesce(since, begun) AND quiet_at > seen.p - 2000 THEN NULL
        ELSE differs
      END
    FROM told JOIN seen ON seen.key = told.key AND seen.n = told.n + 1
  )
SELECT key, p, 0 AS baseline, 'XXX' AS currency, class FROM told WHERE n > 0;
