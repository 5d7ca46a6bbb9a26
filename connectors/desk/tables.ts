import type { SQLInputValue } from "node:sqlite";
import { assert } from "../../base/errors.ts";
import type { FileKind } from "../../base/sqlite-file.ts";
import { MAX_ROWS } from "./records.ts";

/** The desk's file: its tables and its errors. */
export const DESK_FILE: FileKind = {
  applicationId: 0x63_63_64_6b,
  version: 1,
  tables: `
    CREATE TABLE alerts (
      id TEXT PRIMARY KEY, check_uid TEXT NOT NULL, key TEXT NOT NULL, class TEXT NOT NULL, currency TEXT NOT NULL,
      period TEXT NOT NULL, state TEXT NOT NULL, opened_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
      updates INTEGER NOT NULL, at_risk TEXT NOT NULL, verdict_version INTEGER NOT NULL, due_at INTEGER, late_by_ms INTEGER,
      repeats INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX alerts_by_time ON alerts (changed_at, id);
    CREATE TABLE alert_steps (
      id TEXT NOT NULL, verdict_version INTEGER NOT NULL, action TEXT NOT NULL,
      PRIMARY KEY (id, verdict_version, action)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE engine_alerts (
      id TEXT PRIMARY KEY, code TEXT NOT NULL, source TEXT NOT NULL, message TEXT NOT NULL, count INTEGER NOT NULL,
      first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE dead_letters (
      id TEXT PRIMARY KEY, source TEXT NOT NULL, table_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL,
      "offset" INTEGER NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, row_key TEXT, fields TEXT, raw_key BLOB,
      raw_value BLOB, state TEXT NOT NULL, recorded_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dead_letters_by_place ON dead_letters (topic, partition, "offset");
    CREATE TABLE suspensions (
      id TEXT PRIMARY KEY, source TEXT NOT NULL, table_name TEXT NOT NULL, models TEXT NOT NULL, cause TEXT NOT NULL,
      message TEXT NOT NULL, time INTEGER NOT NULL, recorded_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE suspended_checks (
      id TEXT NOT NULL REFERENCES suspensions, check_uid TEXT NOT NULL, state TEXT NOT NULL,
      PRIMARY KEY (id, check_uid)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE decisions (
      seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, decision TEXT NOT NULL, check_uid TEXT,
      note TEXT NOT NULL, who TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX decisions_by_id ON decisions (kind, id);
    CREATE TABLE counts (
      check_uid TEXT NOT NULL, minute INTEGER NOT NULL, pass INTEGER NOT NULL, pending INTEGER NOT NULL,
      PRIMARY KEY (check_uid, minute)
    ) STRICT, WITHOUT ROWID`,
  errors: {
    notFound: "DESK_NOT_FOUND",
    unreadable: "DESK_UNREADABLE",
    version: "DESK_VERSION",
    busy: "DESK_BUSY",
    ioFailed: "DESK_IO_FAILED",
  },
};

/** Conditions of constant text, and the values that are bound to them; a column that has no value is not narrowed. */
export function where(columns: Readonly<Record<string, string | number | undefined>>): {
  sql: string;
  values: SQLInputValue[];
} {
  const given = Object.entries(columns).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const sql = given.length === 0 ? "" : `WHERE ${given.map(([column]) => `${column} = ?`).join(" AND ")}`;
  return { sql, values: given.map(([, value]) => value) };
}

/** A caller's limit, a positive integer, held to `MAX_ROWS`. */
export function capped(limit: number): number {
  assert(Number.isSafeInteger(limit) && limit > 0, "a limit is a positive integer");
  return Math.min(limit, MAX_ROWS);
}
