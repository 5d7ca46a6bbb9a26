import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import { makeSplitTable, type TestTable } from "../../connectors/hbase/test-table.ts";
import { snapshot } from "../../snapshots/snapshot-store.suite.ts";
import type { SnapshotRow } from "../../snapshots/snapshot-store.ts";
import { hbaseClassPath } from "../../stack/servers/hbase.ts";
import { type Stack, startStack } from "../../stack/stack.ts";

describe("HBase stopped and started under writes", () => {
  let stack: Stack;
  let table: TestTable;
  beforeAll(async () => {
    stack = await startStack({ services: ["hbase"], ports: "free" });
    table = await makeSplitTable(stack.hbase.url, stack.hbase.zookeeper, await hbaseClassPath());
  });
  afterAll(() => stack?.close());

  it("fails puts with an error that a repeat helps, and loses and doubles nothing", async () => {
    const store = new HBaseSnapshotStore({ ...table, timeoutMs: 5_000, retryForMs: 1_000 });
    const durable: SnapshotRow[] = [];
    const failures: unknown[] = [];
    let going = true;
    const lane = async (lane: number) => {
      for (let batch = 1; going; batch++) {
        const rows = Array.from({ length: 200 }, (_, i) =>
          snapshot({ key: `'${lane}-${i}`, version: batch, time: batch }),
        );
        await untilPut(store, rows, failures);
        durable.push(...rows);
        await sleep(20);
      }
    };
    const lanes = [lane(0), lane(1)];
    await sleep(3_000);
    await stack.stop("hbase");
    const before = durable.length;
    await sleep(3_000);
    await stack.start("hbase");
    while (durable.length < before + 2_000) await sleep(100);
    going = false;
    await Promise.all(lanes);

    expect(failures.length).toBeGreaterThan(0);
    expect(failures.filter((error) => !isError(error, "SNAPSHOTS_UNAVAILABLE"))).toEqual([]);
    const found = new Set<string>();
    let scanned = 0;
    for (let after: string | null | undefined; after !== null; ) {
      const page = await store.scan({ limit: 1_000, ...(after === undefined ? {} : { after }) });
      for (const row of page.rows) found.add(nameOf(row));
      scanned += page.rows.length;
      after = page.next;
    }
    expect(scanned).toBe(durable.length);
    expect(durable.filter((row) => !found.has(nameOf(row)))).toEqual([]);
    store.close();
  });
});

/** Puts rows as the runner does: again after each failure that a repeat helps. */
async function untilPut(store: HBaseSnapshotStore, rows: readonly SnapshotRow[], failures: unknown[]): Promise<void> {
  for (;;) {
    try {
      return await store.put(rows);
    } catch (error) {
      failures.push(error);
      if (!isError(error) || !error.retryable) throw error;
    }
  }
}

function nameOf({ key, version }: SnapshotRow): string {
  return `${key} ${version}`;
}
