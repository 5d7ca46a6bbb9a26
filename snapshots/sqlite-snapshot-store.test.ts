import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isError } from "../base/errors.ts";
import { snapshot, snapshotStoreSuite } from "./snapshot-store.suite.ts";
import { SqliteSnapshotStore } from "./sqlite-snapshot-store.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-snapshots-"));
  path = join(folder, "made/snapshots.db");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

snapshotStoreSuite("SQLite", async () => new SqliteSnapshotStore(path, { create: true }));

describe("an evidence store's SQLite file", () => {
  it("keeps what was put when it is closed and opened again", () => {
    withStore(path, (store) => store.put([snapshot()]));
    const reader = new SqliteSnapshotStore(path);
    expect(reader.get({ key: "42" })).toHaveLength(1);
    reader.close();
  });

  it("is read by others while it is written", () => {
    const writer = new SqliteSnapshotStore(path, { create: true });
    const reader = new SqliteSnapshotStore(path);
    writer.put([snapshot()]);
    expect(reader.get({ key: "42" })).toHaveLength(1);
    writer.close();
    reader.close();
  });

  it("takes all rows of a put or none", () => {
    withStore(path, (store) => {
      const unfit = snapshot({ key: "43", verdict: null as unknown as Uint8Array });
      expect(() => store.put([snapshot(), unfit])).toThrow(/NOT NULL/);
      expect(store.get({ key: "42" })).toEqual([]);
      store.put([snapshot()]);
      expect(store.get({ key: "42" })).toHaveLength(1);
    });
  });

  it("keeps the evidence that later evidence of the same version supersedes", () => {
    withStore(path, (store) => {
      store.put([snapshot({ verdict: new Uint8Array([1]) })]);
      store.put([snapshot({ verdict: new Uint8Array([2]), writtenAt: snapshot().writtenAt + 1 })]);
    });
    withDatabase(path, (database) => {
      expect(database.prepare("SELECT hex(verdict) AS verdict FROM superseded").all()).toEqual([{ verdict: "01" }]);
    });
  });

  it("keeps it once in a file from before, which has a trigger for it", () => {
    withStore(path, (store) => store.put([snapshot({ verdict: new Uint8Array([1]) })]));
    withDatabase(path, (database) =>
      database.exec(`CREATE TRIGGER keep_superseded BEFORE UPDATE ON snapshots WHEN old.verdict IS NOT new.verdict BEGIN
        INSERT INTO superseded SELECT * FROM snapshots WHERE key = old.key; END`),
    );
    withStore(path, (store) => store.put([snapshot({ verdict: new Uint8Array([2]) })]));
    withDatabase(path, (database) => {
      expect(database.prepare("SELECT hex(verdict) AS verdict FROM superseded").all()).toEqual([{ verdict: "01" }]);
    });
  });

  it("is moved aside whole, in the place of one that was moved before, while others read it", () => {
    const previous = join(folder, "previous.db");
    for (const key of ["41", "42"]) {
      withStore(path, (store) => store.put([snapshot({ key: "40" })]));
      const reader = new SqliteSnapshotStore(path);
      const writer = new SqliteSnapshotStore(path, { create: true });
      writer.put([snapshot({ key })]);
      expect(reader.scan({ limit: 9 }).rows).toHaveLength(2);
      writer.closeAndMoveTo(previous);
      withStore(path, (store) => expect(store.scan({ limit: 9 }).rows).toEqual([]));
      expect(reader.scan({ limit: 9 }).rows, "of the file that it opened").toHaveLength(2);
      reader.close();
      withStore(previous, (store) => expect(store.scan({ limit: 9 }).rows.map((row) => row.key)).toEqual(["40", key]));
    }
  });

  it("refuses versions and times that are none", () => {
    withStore(path, (store) => {
      for (const wrong of [
        { version: 0 },
        { version: 1.5 },
        { epoch: -1 },
        { time: Number.NEGATIVE_INFINITY },
        { writtenAt: Number.NaN },
      ]) {
        expect(codeOf(() => store.put([snapshot(wrong)]))).toBe("BUG");
      }
      for (const limit of [0, -1, 1.5, Number.NaN]) expect(codeOf(() => store.scan({ limit }))).toBe("BUG");
    });
  });

  it("is not made by somebody who only wants to read it", () => {
    expect(codeOf(() => new SqliteSnapshotStore(path))).toBe("SNAPSHOTS_NOT_FOUND");
    expect(() => statSync(path)).toThrow();
  });

  it.each([1, 3])("is refused when a program wrote it that knows another layout (%i)", (version) => {
    withStore(path, () => {});
    withDatabase(path, (database) => database.exec(`PRAGMA user_version = ${version}`));
    expect(codeOf(() => new SqliteSnapshotStore(path))).toBe("SNAPSHOTS_VERSION");
  });

  it("is refused when it is no database, damaged, or another program's", () => {
    writeFileSync(
      join(folder, "text.db"),
      "This is not a database, and it is long enough to be seen as none.".repeat(100),
    );
    expect(codeOf(() => new SqliteSnapshotStore(join(folder, "text.db"), { create: true }))).toBe(
      "SNAPSHOTS_UNREADABLE",
    );
    withDatabase(join(folder, "other.db"), (database) => database.exec("CREATE TABLE t (a)"));
    expect(codeOf(() => new SqliteSnapshotStore(join(folder, "other.db"), { create: true }))).toBe(
      "SNAPSHOTS_UNREADABLE",
    );
  });

  it("is refused, and not waited for in vain, where the folder cannot be used", () => {
    writeFileSync(join(folder, "file"), "");
    expect(codeOf(() => new SqliteSnapshotStore(join(folder, "file/snapshots.db"), { create: true }))).toBe(
      "SNAPSHOTS_IO_FAILED",
    );
  });

  it("says that it is busy when another process holds it for too long, and works afterwards", () => {
    const store = new SqliteSnapshotStore(path, { create: true, busyTimeoutMs: 30 });
    withDatabase(path, (database) => {
      database.exec("BEGIN IMMEDIATE");
      const error = thrown(() => store.put([snapshot()]));
      expect(error).toMatchObject({ code: "SNAPSHOTS_BUSY", retryable: true });
      database.exec("ROLLBACK");
    });
    store.put([snapshot()]);
    expect(store.get({ key: "42" })).toHaveLength(1);
    store.close();
  });
});

function withStore(at: string, action: (store: SqliteSnapshotStore) => void): void {
  const store = new SqliteSnapshotStore(at, { create: true });
  try {
    action(store);
  } finally {
    store.close();
  }
}

function withDatabase(at: string, action: (database: DatabaseSync) => void): void {
  const database = new DatabaseSync(at);
  try {
    action(database);
  } finally {
    database.close();
  }
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

function codeOf(act: () => unknown): unknown {
  const error = thrown(act);
  return isError(error) ? error.code : error;
}
