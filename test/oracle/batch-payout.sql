-- A2: what is settled in a batch, net, is paid out by 17:00 in Berlin of the business day after. Amounts in units of 10^-4.

-- Days on which TARGET2 is open, in their order, with their cutoffs; Berlin is two hours ahead of UTC in summer.
CREATE TABLE workday AS
WITH RECURSIVE
  day (date) AS (
    SELECT date(min(booked_at) / 1000 - 20 * 86400, 'unixepoch') FROM settlement_lines
    UNION ALL
    SELECT date(date, '+1 day') FROM day, span WHERE date < date("end" / 1000 + 30 * 86400, 'unixepoch')
  ),
  summer AS (
    SELECT date,
      date(strftime('%Y-03-31', date), '-' || strftime('%w', strftime('%Y-03-31', date)) || ' days') AS first,
      date(strftime('%Y-10-31', date), '-' || strftime('%w', strftime('%Y-10-31', date)) || ' days') AS past
    FROM day
  )
SELECT row_number() OVER (ORDER BY date) AS n,
  (unixepoch(date) + (CASE WHEN date >= first AND date < past THEN 15 ELSE 16 END) * 3600) * 1000 AS cutoff
FROM summer
WHERE strftime('%w', date) NOT IN ('0', '6') AND strftime('%m-%d', date) NOT IN ('01-01', '05-01', '12-25', '12-26')
  AND date NOT IN ('2026-04-03', '2026-04-06', '2027-03-26', '2027-03-29', '2028-04-14', '2028-04-17');

CREATE INDEX workday_by_cutoff ON workday (cutoff, n);

CREATE TABLE part AS
SELECT batch_id AS key, currency, 'expected' AS side, net AS amount, coalesce(booked_at, at) AS happened, seed, valid_from, valid_to
FROM settlement_lines WHERE NOT deleted
UNION ALL
SELECT batch_id, currency, 'actual', amount, coalesce(paid_at, at), seed, valid_from, valid_to
FROM payouts WHERE status = 'paid' AND NOT deleted;

CREATE TABLE contribution AS
SELECT *, (
    SELECT next.cutoff
    FROM workday AS of JOIN workday AS next ON next.n = of.n + 1
    WHERE of.cutoff >= happened ORDER BY of.cutoff LIMIT 1
  ) AS due
FROM part;

CREATE TABLE called AS
SELECT 'unknown-payment' AS cause, 'unknown-batch' AS class UNION SELECT 'under-charge', 'under-paid'
UNION SELECT 'over-charge', 'over-paid';
