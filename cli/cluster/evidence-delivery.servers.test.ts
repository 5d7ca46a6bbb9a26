import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../base/time.ts";
import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import { makeTestTable } from "../../connectors/hbase/test-table.ts";
import { decodeVerdict } from "../../schemas/contracts.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { verdict } from "../outputs.test-helper.ts";
import { EvidenceDelivery } from "./evidence-delivery.ts";
import { resultsOf } from "./results.test-helper.ts";

const KEYS = 400;
const CHECKPOINTS = 6;

/** With a server of its own, which is killed. */
describe("evidence of a task on the cluster", () => {
  let stack: Stack;
  let table: string;
  beforeAll(async () => {
    stack = await startStack({ services: ["hbase"], ports: "free" });
    ({ table } = await makeTestTable(stack.hbase.url));
  });
  afterAll(() => stack?.close());

  it("is in HBase once each, with the wall time of its barrier, whatever is killed meanwhile", async () => {
    const waits: string[] = [];
    const fail = (error: unknown) => expect.unreachable(String(error));
    let now = Date.now();
    const first = open(waits, fail);
    const saves: Uint8Array[] = [];
    const barriers: number[] = [];
    for (let checkpoint = 1; checkpoint <= CHECKPOINTS; checkpoint++) {
      first.emit(...Array.from({ length: KEYS }, (_, key) => verdict(`'${key}`, checkpoint)));
      now += 1_000;
      barriers.push(now);
      saves.push(first.results.save(checkpoint));
      first.results.confirmed(checkpoint);
      if (checkpoint === 2) await stack.kill("hbase");
    }
    // The task dies while the server is away; its last checkpoint has all that may not be there.
    expect(first.results.isDelivered).toBe(false);
    await first.results.close();
    const second = open(waits, fail);
    second.results.restore([saves.at(-1)!]);
    await stack.start("hbase");
    await expect.poll(() => second.results.isDelivered, { timeout: 120_000 }).toBe(true);
    // Killed before it could save that all is there, it delivers the same again, from a checkpoint that is older.
    const third = open(waits, fail);
    third.results.restore([saves[3]!]);
    await expect.poll(() => third.results.isDelivered, { timeout: 120_000 }).toBe(true);

    expect(waits.length).toBeGreaterThan(0);
    const store = new HBaseSnapshotStore({ url: stack.hbase.url, table });
    for (const key of ["'0", `'${KEYS - 1}`]) {
      const { rows } = await store.history({ key, limit: 100 });
      const versions = Array.from({ length: CHECKPOINTS }, (_, index) => index + 1);
      expect(rows.map(({ version }) => version)).toEqual(versions);
      expect(rows.map(({ writtenAt }) => writtenAt)).toEqual(barriers);
      expect(rows.map((row) => decodeVerdict(row.verdict).version)).toEqual(versions);
    }
    expect(await countIn(store)).toBe(KEYS * CHECKPOINTS);
    store.close();
    for (const { results } of [second, third]) await results.close();

    function open(told: string[], onFailure: (error: unknown) => void) {
      const store = new HBaseSnapshotStore({ url: stack.hbase.url, table });
      const onWaiting = (reason: Error | undefined) => void told.push(reason?.message ?? "again");
      const evidence = new EvidenceDelivery({ store, clock: systemClock, onWaiting, onFailure });
      return resultsOf({ evidence, now: () => now });
    }
  });
});

async function countIn(store: HBaseSnapshotStore): Promise<number> {
  let count = 0;
  for (let after: string | null | undefined; after !== null; ) {
    const page = await store.scan({ limit: 1_000, ...(after !== undefined && { after }) });
    count += page.rows.length;
    after = page.next;
  }
  return count;
}
