-- A transaction was accounted for, or one ticket approves it all; more than ten rows need a ticket. Wants what transactions.sql
-- leaves, `ticket` with the tickets of the table, and `noted (key, pk, pos, at, op, who, why)`.

CREATE INDEX noted_by_key ON noted (key, pk);

CREATE TABLE altered AS
SELECT key, p, 'id' AS field, 'id' AS name FROM wrote WHERE op <> 'u'
UNION SELECT key, p, 'account', 'account' FROM wrote WHERE op <> 'u' OR account IS NOT was_account
UNION SELECT key, p, 'amount', 'amount' FROM wrote WHERE op <> 'u' OR amount IS NOT was_amount OR currency IS NOT was_currency
UNION SELECT key, p, 'status', 'status' FROM wrote WHERE op <> 'u' OR status IS NOT was_status
UNION SELECT key, p, 'version', 'version' FROM wrote WHERE op <> 'u' OR version IS NOT was_version
UNION SELECT key, p, 'updated_at', 'updatedAt' FROM wrote WHERE op <> 'u' OR updated_at IS NOT was_updated_at;

CREATE INDEX altered_of_key ON altered (key, p);

CREATE TABLE answer AS
WITH listed AS (
  SELECT pk AS ticket, valid_from, valid_to, own_valid_from AS good_from, own_valid_to AS good_to, max_rows,
    ',' || replace(row_keys, ' ', '') || ',' AS names, ',' || replace(columns, ' ', '') || ',' AS columns
  FROM ticket WHERE NOT deleted AND own_valid_from IS NOT NULL AND own_valid_to IS NOT NULL AND max_rows IS NOT NULL
),
asked AS (
  SELECT wrote.key, wrote.p, ticket, columns, max_rows, count(*) AS writes,
    sum(at < good_from OR at > good_to) AS untimely,
    max(at >= good_from - 86400000 AND at <= good_to + 86400000) AS is_near,
    sum(NOT instr(names, ',*,') AND NOT instr(names, ',' || wrote.pk || ',')) AS strange,
    max(op = 'u' AND NOT was_known) AND NOT instr(columns, ',*,') AS is_unknown
  FROM wrote JOIN listed ON valid_from <= p AND p < valid_to
  GROUP BY wrote.key, wrote.p, ticket
)
SELECT key, p, is_unknown, is_near AND strange < writes AS is_concerned,
  untimely = 0 AND strange = 0 AND writes <= max_rows AND (
    is_unknown OR instr(columns, ',*,') OR NOT EXISTS (
      SELECT 1 FROM altered
      WHERE altered.key = asked.key AND altered.p = asked.p
        AND NOT instr(columns, ',' || field || ',') AND NOT instr(columns, ',' || name || ','))
  ) AS fits
FROM asked;

CREATE TABLE judged AS
WITH size AS (
  SELECT key, p, count(DISTINCT pk) AS rows,
    EXISTS (
      -- A row that came and is still there, as it is then.
      SELECT 1 FROM noted AS came JOIN noted AS last USING (key, pk)
      WHERE came.key = wrote.key AND came.op = 'c' AND last.pos >= came.pos AND last.at <= p
        AND trim(coalesce(last.who, '')) <> '' AND trim(coalesce(last.why, '')) <> '' AND last.op <> 'd'
        AND NOT EXISTS (
          SELECT 1 FROM noted AS after
          WHERE after.key = last.key AND after.pk = last.pk AND after.at <= p AND after.pos > last.pos)
    ) AS is_accounted
  FROM wrote GROUP BY key, p
),
best AS (
  SELECT key, p, max(fits AND NOT is_unknown) AS is_approved, max(fits) AS may_be, max(is_concerned) AS is_near
  FROM answer GROUP BY key, p
)
SELECT key, p, 0 AS baseline, currency,
  CASE
    WHEN rows <= 10 AND is_accounted THEN NULL
    WHEN is_approved THEN NULL
    WHEN rows > 10 THEN 'bulk-change'
    WHEN may_be THEN 'unattributable'
    WHEN is_near THEN 'outside-ticket'
    ELSE 'unauthorised'
  END AS class
FROM size JOIN moved USING (key, p) LEFT JOIN best USING (key, p);
