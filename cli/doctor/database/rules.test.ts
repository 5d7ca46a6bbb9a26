import { describe, expect, it } from "vitest";
import { type MariadbFacts, missingGrants } from "./mariadb.ts";
import { mariadbFindings } from "./mariadb-rules.ts";
import type { PostgresFacts, Slot } from "./postgres.ts";
import { postgresFindings } from "./postgres-rules.ts";

const payments = { name: "shop.payments", isHeartbeat: false, needsBefore: false, exists: true, hasPrimaryKey: true };

/** As MariaDB 10.11 answers SHOW GLOBAL VARIABLES where it is set up for Debezium. */
const variables = {
  binlog_expire_logs_seconds: "0",
  binlog_format: "ROW",
  binlog_row_image: "FULL",
  binlog_row_metadata: "FULL",
  expire_logs_days: "0.000000",
  gtid_strict_mode: "ON",
  log_bin: "ON",
  system_time_zone: "UTC",
  time_zone: "SYSTEM",
};

function mariadb(changes: Partial<typeof variables>, facts: Partial<MariadbFacts> = {}): string[] {
  const all = { clockAheadSeconds: 0, tables: [payments], missingGrants: [], ...facts };
  return mariadbFindings("database", { ...all, variables: { ...variables, ...changes } }).flatMap(
    ({ code }) => code ?? [],
  );
}

describe("the rules of MariaDB", () => {
  it.each([
    [{}, []],
    [{ log_bin: "OFF" }, ["MARIADB_BINLOG_OFF"]],
    [{ binlog_format: "MIXED" }, ["MARIADB_BINLOG_NOT_ROW"]],
    [{ binlog_row_image: "MINIMAL" }, ["MARIADB_ROW_IMAGE"]],
    [{ binlog_row_image: "NOBLOB" }, ["MARIADB_ROW_IMAGE"]],
    [{ binlog_row_metadata: "NO_LOG" }, ["MARIADB_ROW_METADATA"]],
    [{ binlog_expire_logs_seconds: "86400" }, ["MARIADB_BINLOG_EXPIRES"]],
    [{ expire_logs_days: "1.000000" }, ["MARIADB_BINLOG_EXPIRES"]],
    [{ binlog_expire_logs_seconds: "864000" }, []],
    [{ gtid_strict_mode: "OFF" }, ["MARIADB_GTID_LOOSE"]],
    [{ time_zone: "+01:00" }, ["MARIADB_TIME_ZONE"]],
    [{ system_time_zone: "CET" }, ["MARIADB_TIME_ZONE"]],
  ])("%j: %j", (changes, codes) => {
    expect(mariadb(changes)).toEqual(codes);
  });

  it("name the tables that are declared `before: full` where images are not whole", () => {
    const declared = ["shop.payments", "shop.refunds"].map((name) => ({ ...payments, name, needsBefore: true }));
    const tables = [declared[0]!, { ...payments, name: "shop.carts" }, declared[1]!];
    expect(mariadb({}, { tables })).toEqual([]);
    expect(mariadb({ log_bin: "OFF", binlog_row_image: "MINIMAL" }, { tables })).toEqual(["MARIADB_BINLOG_OFF"]);
    const facts = { clockAheadSeconds: 0, missingGrants: [], tables };
    const found = mariadbFindings("database", {
      ...facts,
      variables: { ...variables, binlog_row_image: "NOBLOB" },
    });
    expect(found).toMatchObject([
      {
        level: "problem",
        code: "MARIADB_BEFORE_NOT_WHOLE",
        says: "binlog_row_image is NOBLOB, and the job has `before: full` for shop.payments, shop.refunds",
        follows: expect.stringContaining("dead letters"),
        remedy: expect.stringMatching(/^SET GLOBAL binlog_row_image = 'FULL';.* reconnect/),
      },
    ]);
  });

  it("know tables, keys and clocks", () => {
    expect(mariadb({}, { tables: [{ ...payments, exists: false }] })).toEqual(["DATABASE_TABLE_MISSING"]);
    expect(mariadb({}, { tables: [{ ...payments, exists: false, isHeartbeat: true }] })).toEqual([
      "DATABASE_HEARTBEAT_MISSING",
    ]);
    expect(mariadb({}, { tables: [{ ...payments, hasPrimaryKey: false }] })).toEqual(["DATABASE_NO_PRIMARY_KEY"]);
    expect(mariadb({}, { clockAheadSeconds: -3 })).toEqual(["DATABASE_CLOCK_OFF"]);
  });

  it("read grants as SHOW GRANTS gives them", () => {
    const grants = [
      "GRANT SELECT, RELOAD, SHOW DATABASES, LOCK TABLES, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `cdc`@`127.0.0.1` IDENTIFIED BY PASSWORD '*0'",
      "GRANT ALL PRIVILEGES ON `shop`.* TO `cdc`@`127.0.0.1`",
    ];
    expect(missingGrants("cdc@127.0.0.1", grants, "shop.heartbeat")).toEqual([]);
    const privileges = (lines: string[]) =>
      missingGrants("cdc@%", lines, "shop.heartbeat").map(({ privilege }) => privilege);
    expect(privileges(["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION"])).toEqual([]);
    expect(privileges(grants.slice(0, 1))).toEqual(["INSERT, UPDATE"]);
    expect(privileges(["GRANT USAGE ON *.* TO `cdc`@`%`"])).toEqual([
      "REPLICATION SLAVE",
      "BINLOG MONITOR",
      "SELECT",
      "INSERT, UPDATE",
    ]);
  });
});

const slot: Slot = { name: "dbz", exists: true, active: true, behindBytes: 0, walStatus: "reserved" };

const POSTGRES: PostgresFacts = {
  walLevel: "logical",
  maxSlotWalKeepSize: undefined,
  clockAheadSeconds: 0,
  tables: [{ ...payments, identity: "f" }],
  publication: { name: "dbz", exists: true, tables: ["shop.payments"], omits: [] },
  slot,
  missingGrants: [],
};

function postgres(changes: Partial<PostgresFacts>): string[] {
  return postgresFindings("database", { ...POSTGRES, ...changes }).flatMap(({ code }) => code ?? []);
}

describe("the rules of PostgreSQL", () => {
  it("know the log, identities, publications and slots", () => {
    expect(postgres({})).toEqual([]);
    expect(postgres({ walLevel: "replica" })).toEqual(["POSTGRES_WAL_LEVEL"]);
    expect(postgres({ maxSlotWalKeepSize: "-1" })).toEqual(["POSTGRES_WAL_UNBOUNDED"]);
    expect(postgres({ maxSlotWalKeepSize: "10GB" })).toEqual(["POSTGRES_WAL_BOUNDED"]);
    expect(postgres({ slot: { ...slot, exists: false } })).toEqual(["POSTGRES_SLOT_MISSING"]);
    expect(postgres({ slot: { ...slot, active: false } })).toEqual(["POSTGRES_SLOT_IDLE"]);
    expect(postgres({ slot: { ...slot, active: false, walStatus: "lost" } })).toEqual(["POSTGRES_SLOT_LOST"]);
    expect(postgres({ slot: { ...slot, behindBytes: 2 ** 31 } })).toEqual(["POSTGRES_SLOT_BEHIND"]);
  });

  it("hold a table that is declared `before: full` to its full identity", () => {
    const declared = { ...payments, needsBefore: true };
    expect(postgres({ tables: [{ ...declared, identity: "f" }] })).toEqual([]);
    for (const identity of ["d", "i"])
      expect(postgres({ tables: [{ ...declared, identity }] })).toEqual(["POSTGRES_BEFORE_NOT_WHOLE"]);
    expect(postgres({ tables: [{ ...declared, identity: "n" }] })).toEqual(["POSTGRES_IDENTITY_NOTHING"]);
    const missing = { ...declared, exists: false, identity: "f" };
    expect(postgres({ tables: [missing], publication: undefined })).toEqual(["DATABASE_TABLE_MISSING"]);
    const both = postgresFindings("database", {
      ...POSTGRES,
      tables: [
        { ...declared, identity: "i" },
        { ...payments, name: "shop.carts", identity: "d" },
      ],
      publication: undefined,
    });
    expect(both).toMatchObject([
      {
        level: "problem",
        code: "POSTGRES_BEFORE_NOT_WHOLE",
        says: "table shop.payments has replica identity index, and the job has `before: full` for it",
        follows: expect.stringContaining("dead letters"),
        remedy: "ALTER TABLE shop.payments REPLICA IDENTITY FULL;",
      },
      { level: "warning", code: "POSTGRES_IDENTITY_DEFAULT" },
    ]);
  });

  it("ask no full identity of the heartbeat table", () => {
    const heartbeat = { ...payments, name: "public.heartbeat", isHeartbeat: true };
    expect(postgres({ tables: [{ ...heartbeat, identity: "d" }], publication: undefined })).toEqual([]);
    expect(postgres({ tables: [{ ...payments, identity: "d" }] })).toEqual(["POSTGRES_IDENTITY_DEFAULT"]);
    expect(postgres({ tables: [{ ...heartbeat, identity: "n" }], publication: undefined })).toEqual([
      "POSTGRES_IDENTITY_NOTHING",
    ]);
  });
});
