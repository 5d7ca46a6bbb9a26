import { HBaseSnapshotStore } from "../../connectors/hbase/hbase-snapshot-store.ts";
import { openBenchTable, whyNoHBase } from "../hbase.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";
import { NEWEST, SnapshotTraffic } from "../snapshot-traffic.ts";

const SECONDS = Number(process.env.COUNTERCHECK_SNAPSHOT_SECONDS ?? 30);
/** Before anything counts: the server's machine code is made while it works. */
const WARM_UP_SECONDS = 10;
const WRITES_A_SECOND = 5_000;
const READS_A_SECOND = 20;
const BATCH = 500;

/** Writes as fast as HBase takes them. */
export const snapshotsWrite: BenchRow = {
  name: "snapshots-write",
  what: `snapshots of 1 kB into HBase for ${SECONDS} s, while ${READS_A_SECOND} times a second a key's ${NEWEST} newest are read`,
  whyNot: whyNoHBase,
  measure: () =>
    beside(async (traffic, going) => {
      const lane = async () => {
        while (going()) await traffic.put(BATCH);
      };
      await Promise.all([lane(), lane(), lane(), lane()]);
    }, "writes"),
};

/** Reads beside writes at the pace that is asked for. */
export const snapshotsScan: BenchRow = {
  name: "snapshots-scan",
  what: `a key's ${NEWEST} newest snapshots out of HBase, ${READS_A_SECOND} times a second for ${SECONDS} s, while ${WRITES_A_SECOND} are written a second`,
  whyNot: whyNoHBase,
  measure: () =>
    beside(async (traffic, going) => {
      await paced(WRITES_A_SECOND / BATCH, going, () => traffic.put(BATCH));
    }, "reads"),
};

/** Reads at a pace while something is written; counts the one or the other. */
async function beside(
  write: (traffic: SnapshotTraffic, going: () => boolean) => Promise<void>,
  counted: "writes" | "reads",
): Promise<Measured> {
  await using table = await openBenchTable();
  const writer = new HBaseSnapshotStore(table);
  // Connections of its own, as whoever looks at evidence has.
  const reader = new HBaseSnapshotStore(table);
  const traffic = new SnapshotTraffic(writer);
  await traffic.fill();
  const latencies: number[] = [];
  let correct = true;
  const read = async () => {
    const startedAt = performance.now();
    correct &&= await traffic.readOne(reader);
    latencies.push(performance.now() - startedAt);
  };
  const both = async (seconds: number) => {
    const end = performance.now() + seconds * 1_000;
    const going = () => performance.now() < end;
    await Promise.all([write(traffic, going), paced(READS_A_SECOND, going, read)]);
  };
  await both(WARM_UP_SECONDS);
  latencies.length = 0;
  const writtenBefore = traffic.written;
  const cpuAtStart = process.cpuUsage();
  const startedAt = performance.now();
  await both(SECONDS);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuSeconds = cpuSince(cpuAtStart);
  const writes = traffic.written - writtenBefore;
  correct &&= await traffic.verify(reader);
  writer.close();
  reader.close();
  const events = counted === "writes" ? writes : latencies.length;
  const beside = { writesPerSecond: Math.round(writes / seconds), ...readTimes(latencies) };
  return { events, cpuSeconds, seconds, correct, beside };
}

/** Begins something so many times a second, without waiting for its end, up to a bound on what goes on at once. */
async function paced(timesASecond: number, going: () => boolean, begin: () => Promise<void>): Promise<void> {
  const open = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let n = 0; going(); n++) {
    const delay = startedAt + (n * 1_000) / timesASecond - performance.now();
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    if (open.size >= MOST_AT_ONCE) await Promise.race(open);
    const begun = begin().finally(() => open.delete(begun));
    open.add(begun);
  }
  await Promise.all(open);
}

const MOST_AT_ONCE = 20;

function readTimes(latencies: readonly number[]) {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1));
  return { readP50Ms: at(0.5), readP99Ms: at(0.99) };
}
