import type { SqliteFile } from "../../base/sqlite-file.ts";

/** What desks of the first version lack: columns by table, in the order in which they came. */
const COLUMNS: readonly (readonly [table: string, column: string, type: string])[] = [
  ["alerts", "note", "TEXT"],
  ["alert_steps", "time", "INTEGER"],
  ["alert_steps", "at_risk", "TEXT"],
  ["alert_steps", "late_by_ms", "INTEGER"],
  ["alert_steps", "note", "TEXT"],
  ["decisions", "until", "INTEGER"],
  ["alert_steps", "fields", "TEXT"],
];

const TABLES = [
  `CREATE TABLE IF NOT EXISTS alert_handling (
    id TEXT PRIMARY KEY, state TEXT NOT NULL, until INTEGER, note TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL,
    verdict_version INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS storms (
    id TEXT PRIMARY KEY, sink TEXT NOT NULL, check_uid TEXT NOT NULL, began_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    told INTEGER, told_at INTEGER, is_over INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS baseline (
    check_uid TEXT NOT NULL, key TEXT NOT NULL, currency TEXT NOT NULL, period TEXT NOT NULL, class TEXT NOT NULL,
    at_risk TEXT NOT NULL, time INTEGER NOT NULL, version INTEGER NOT NULL, is_over INTEGER NOT NULL,
    PRIMARY KEY (check_uid, key, currency, period)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS notifications (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sink TEXT NOT NULL, alert TEXT NOT NULL,
    check_uid TEXT, action TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, storm TEXT, queued_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL, attempts INTEGER NOT NULL, note TEXT, settled_at INTEGER
  ) STRICT`,
  "CREATE INDEX IF NOT EXISTS notifications_waiting ON notifications (sink, next_at, seq) WHERE state = 'waiting'",
  "CREATE INDEX IF NOT EXISTS notifications_by_check ON notifications (check_uid, sink, queued_at)",
  "CREATE INDEX IF NOT EXISTS notifications_by_storm ON notifications (storm, alert) WHERE storm IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS notifications_by_alert ON notifications (alert, sink, seq)",
  `CREATE TABLE IF NOT EXISTS told (
    alert TEXT NOT NULL, sink TEXT NOT NULL, action TEXT NOT NULL, verdict_version INTEGER NOT NULL, time INTEGER,
    at_risk TEXT NOT NULL, storm TEXT, seen_at INTEGER NOT NULL, PRIMARY KEY (alert, sink, verdict_version, action)
  ) STRICT, WITHOUT ROWID`,
];

/** Adds what a desk lacks that was made by an earlier version: it stays in use. */
export function completeTables(file: SqliteFile): void {
  const missing = () => COLUMNS.filter(([table, column]) => !columnsOf(file, table).has(column));
  const isComplete = () => missing().length === 0 && file.all(LAST_TABLE).length > 0;
  if (isComplete()) return;
  file.transaction(() => {
    for (const [table, column, type] of missing()) file.run(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    for (const table of TABLES) file.run(table);
  });
}

const LAST_TABLE = "SELECT 1 FROM sqlite_schema WHERE name = 'told'";

function columnsOf(file: SqliteFile, table: string): Set<string> {
  const columns = file.all<{ name: string }>("SELECT name FROM pragma_table_info(?)", [table]);
  return new Set(columns.map(({ name }) => name));
}
