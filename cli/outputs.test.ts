import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disk, systemDisk } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { Desk } from "../connectors/desk/desk.ts";
import type { RunStart } from "../connectors/desk/records.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { OutboxRecord } from "../runtime/outbox.ts";
import {
  decodeAlert,
  decodeDeadLetter,
  decodeMarker,
  decodeVerdict,
  type VerdictRecord,
} from "../schemas/contracts.ts";
import { SqliteSnapshotStore } from "../snapshots/sqlite-snapshot-store.ts";
import { FailingDisk } from "../test/support/failing-disk.ts";
import type { FileLogPositions } from "./output-log.ts";
import { readTopic } from "./output-topics.ts";
import { type Delivery, type DeliveryPoint, type OutputsOptions, outputPaths, RunOutputs } from "./outputs.ts";

/** A job with a model, a check behind it, and a sink of its own. */
const GRAPH = {
  name: "settlement",
  nodes: [
    { type: "operator", uid: "check", inputs: [{ type: "changes", model: { name: "Payment" } }] },
    { type: "sink", sink: "totals" },
  ],
} as unknown as Graph;

const NOON = Date.UTC(2026, 10, 22, 12);
const clock = { now: () => NOON };

/** In memory where the system has a place for it: much is made durable here. */
const ROOT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Disks fail at every operation, one after the other, where there is the time for it; else at every ninth, from any. */
const EVERY = process.env.COUNTERCHECK_KILL_POINTS === "all" ? 1 : 9;
const FIRST = Math.floor(Math.random() * EVERY);

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(ROOT, "countercheck-outputs-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function verdict(key: string, version: number): OutboxRecord {
  const record: VerdictRecord = {
    id: `${key}/${version}`, check: "check", key, currency: "EUR", period: "", version, status: "fail", class: "missing",
    time: NOON + version, baseline: false, atRisk: "1.00", lower: "1.00", upper: "1.00", actual: "0.00", legs: [],
    reason: null, rule: { expression: "a = b", version: 1, hash: "h" }, contributions: [], omitted: 0, digest: "d",
  }; // biome-ignore format: one look is enough
  return { kind: "emit", output: "verdicts", record };
}

function alert(key: string, verdictVersion: number): OutboxRecord {
  const record = {
    id: key, action: verdictVersion === 1 ? "opened" : "updated", check: "check", key, class: "missing", currency: "EUR",
    period: "", atRisk: "1.00", verdictVersion, time: NOON, dueAt: null, lateByMs: null, repeats: 1,
  }; // biome-ignore format: one look is enough
  return { kind: "emit", output: "alerts", record };
}

function fault(offset: number): OutboxRecord {
  const place = { source: "shop", table: "payments", topic: "payments", partition: 0, offset };
  const content = { code: "AVRO_CORRUPT", message: "", key: null, value: new Uint8Array([1]) };
  return { kind: "fault", fault: { id: `payments/0/${offset}`, ...place, ...content } };
}

const stale: OutboxRecord = {
  kind: "engine-alert",
  alert: { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "" },
};
const count = (pass: number): OutboxRecord => ({
  kind: "emit",
  output: "counts",
  record: { check: "check", minute: 0, pass, pending: 1 },
});
const total = (sum: bigint): OutboxRecord => ({ kind: "emit", output: "totals", record: { sum } });
const suspension: OutboxRecord = {
  kind: "suspension",
  suspension: {
    id: "payments/0/9", source: "shop", table: "payments", models: ["Payment"], cause: "truncate", message: "gone",
    time: NOON,
  },
}; // biome-ignore format: one look is enough

/** What a run emits from checkpoint to checkpoint. */
const OUTBOXES: readonly OutboxRecord[][] = [
  [verdict("a", 1), alert("a", 1), verdict("b", 1), fault(1), stale, count(5), total(1n)],
  [],
  [verdict("a", 2), alert("a", 2), count(2), count(3), stale, total(2n), total(3n), suspension],
  [verdict("a", 3), verdict("c", 1), alert("c", 1), fault(2), fault(3), stale, count(7), total(4n)],
  [verdict("b", 2), alert("b", 1), count(1), total(5n)],
];

/** Everything that is left, as people and programs find it. */
async function results() {
  const read = async <T>(topic: Parameters<typeof readTopic>[2], decode: (encoded: Uint8Array) => T) => {
    const records: T[] = [];
    await readTopic(systemDisk, outputPaths.log(dir), topic, 0, (encoded) => records.push(decode(encoded)));
    return records;
  };
  const snapshots = new SqliteSnapshotStore(outputPaths.snapshots(dir));
  const { rows } = snapshots.scan({ limit: 100 });
  snapshots.close();
  const outputs = await RunOutputs.open(dir, GRAPH, { clock, start: "on" });
  const { desk } = outputs;
  const onDesk = {
    alerts: desk.alerts({ limit: 100 }),
    engineAlerts: desk.engineAlerts({ limit: 100 }),
    counts: desk.counts(),
    deadLetters: desk.deadLetters(),
    suspensions: desk.suspensions(),
    open: desk.openDeadLetters(),
  };
  await outputs.close({ state: "interrupted", code: null });
  return {
    verdicts: await read("verdicts", decodeVerdict),
    alerts: await read("alerts", decodeAlert),
    deadLetters: await read("dead-letters", decodeDeadLetter),
    markers: await read("markers", decodeMarker),
    totals: readFileSync(join(dir, "sinks/totals.jsonl"), "utf8"),
    snapshots: rows,
    desk: onDesk,
  };
}

/** What of the results does not tell how often a run was started, or when. */
function regardlessOfStarts({ markers: _, snapshots, desk, ...rest }: Awaited<ReturnType<typeof results>>) {
  const engineAlerts = desk.engineAlerts.map(({ id, count }) => ({ id, count }));
  const deadLetters = desk.deadLetters.map(({ recordedAt: _, ...letter }) => letter);
  const suspensions = desk.suspensions.map(({ recordedAt: _, ...entry }) => entry);
  return {
    ...rest,
    snapshots: snapshots.map(({ writtenAt: _, ...row }) => row),
    desk: { ...desk, engineAlerts, deadLetters, suspensions },
  };
}

/** A run with its checkpoints, which survive its deaths. It is started again and again until it comes to its end. */
class Run {
  outputs!: RunOutputs;
  /** Newest last. */
  readonly checkpoints: Delivery[] = [];
  readonly #outboxes: OutboxRecord[][];
  #attempt = 0;
  #lastNumber = 0;

  constructor(outboxes: readonly OutboxRecord[][] = OUTBOXES) {
    this.#outboxes = [...outboxes];
  }

  /** Begins, or goes on from the newest checkpoint. */
  async start(options: Partial<OutputsOptions> = {}): Promise<void> {
    this.#attempt++;
    const newest = this.checkpoints.at(-1);
    const start: RunStart = newest === undefined ? "afresh" : "on";
    this.outputs = await RunOutputs.open(dir, GRAPH, { clock, start, since: newest?.before, ...options });
    if (newest !== undefined) await this.outputs.recover(newest);
  }

  /** Takes a checkpoint of what comes next, and delivers it. */
  async checkpoint(): Promise<void> {
    const checkpoint = ++this.#lastNumber;
    const before = JSON.parse(JSON.stringify(this.outputs.position()));
    const records = this.#outboxes.shift()!;
    const delivery = { epoch: 1, attempt: this.#attempt, checkpoint, records, before, takenAt: NOON + checkpoint };
    this.checkpoints.push(delivery);
    await this.outputs.deliver(structuredClone(delivery));
  }

  async toEnd(): Promise<void> {
    while (this.#outboxes.length > 0) await this.checkpoint();
    expect(this.outputs.position().ahead).toEqual([]);
    await this.outputs.complete(NOON);
    await this.outputs.close({ state: "complete", code: null });
  }

  /** The newest checkpoint was damaged: what came since the one before is emitted again, in other parts. */
  loseNewest(): void {
    const again = [...this.checkpoints.pop()!.records, ...this.#outboxes.splice(0).flat()];
    this.#lastNumber = this.checkpoints.at(-1)!.checkpoint;
    const middle = again.length >> 1;
    this.#outboxes.push(again.slice(0, middle), again.slice(middle));
  }

  async die(): Promise<void> {
    // Its disk may be gone.
    await this.outputs?.close({ state: "failed", code: null }).catch(() => undefined);
  }
}

/** Dies when a point is reached for the n-th time. */
function killAt(at: DeliveryPoint, n: number): (point: DeliveryPoint) => void {
  let times = 0;
  return (point) => {
    if (point === at && ++times === n) throw new Error("killed");
  };
}

/** Lives through the disks one after the other; the last of them holds. */
async function live(disks: readonly Disk[]): Promise<number> {
  const run = new Run();
  for (const [deaths, disk] of [...disks, systemDisk].entries()) {
    try {
      await run.start({ disk });
      await run.toEnd();
      return deaths;
    } catch (error) {
      if (!(disk instanceof FailingDisk && disk.hasFailed)) throw error;
      await run.die();
    }
  }
  return disks.length;
}

describe("deliveries of a run that dies", () => {
  let expected: ReturnType<typeof regardlessOfStarts>;
  beforeEach(async () => {
    await live([]);
    const left = await results();
    rmSync(dir, { recursive: true });
    expect(left.verdicts.map(({ id, epoch }) => `${epoch} ${id}`)).toEqual(
      ["a/1", "b/1", "a/2", "a/3", "c/1", "b/2"].map((id) => `1 ${id}`),
    );
    expect(left.desk.counts).toEqual([{ check: "check", minute: 0, pass: 18, pending: 5 }]);
    expect(
      left.markers.map(({ checkpoint }) => checkpoint),
      "nothing, no marker",
    ).toEqual([1, 3, 4, 5]);
    expect(left.totals).toBe([1, 2, 3, 4, 5].map((sum) => `{"sum":"${sum}"}\n`).join(""));
    expected = regardlessOfStarts(left);
  });

  it("leave the same wherever its disk fails, be it twice", async () => {
    let twice = 0;
    for (let failsAt = FIRST; ; failsAt += EVERY) {
      const deaths = await live([new FailingDisk(failsAt), new FailingDisk((failsAt * 7) % 31)]);
      const left = await results();
      expect(regardlessOfStarts(left), `failing at ${failsAt}`).toEqual(expected);
      expect(left.markers.map(({ checkpoint }) => checkpoint)).toEqual([1, 3, 4, 5]);
      rmSync(dir, { recursive: true });
      if (deaths === 2) twice++;
      if (deaths === 0) break;
    }
    expect(twice).toBeGreaterThan(30 / EVERY);
  });

  it.each(["outbox-begun", "outbox-sent", "marker-written"] as const)(
    "leave the same where it dies at %s",
    async (at) => {
      for (const diesAt of [1, 2, 3, 4]) {
        const run = new Run();
        let times = 0;
        const onPoint = (point: DeliveryPoint) => {
          if (point === at && ++times === diesAt) throw new Error("killed");
        };
        await run.start({ onPoint });
        await expect(run.toEnd()).rejects.toThrow("killed");
        await run.die();
        await run.start();
        await run.toEnd();
        expect(regardlessOfStarts(await results()), `checkpoint ${diesAt}`).toEqual(expected);
        rmSync(dir, { recursive: true });
      }
    },
  );

  it.each(["outbox-begun", "outbox-sent", "marker-written"] as const)(
    "leave the same where it dies at %s, its newest checkpoint is damaged, and it dies once more",
    async (at) => {
      for (const [diesAt, again] of [2, 3, 4].flatMap((n) => [
        [n, "outbox-begun"] as const,
        [n, "outbox-sent"] as const,
      ])) {
        const run = new Run();
        await run.start({ onPoint: killAt(at, diesAt) });
        await expect(run.toEnd()).rejects.toThrow("killed");
        await run.die();
        run.loseNewest();
        await run.start({ onPoint: killAt(again, 1) });
        await expect(run.checkpoint()).rejects.toThrow("killed");
        await run.die();
        await run.start();
        await run.toEnd();
        expect(regardlessOfStarts(await results()), `checkpoint ${diesAt}, then ${again}`).toEqual(expected);
        rmSync(dir, { recursive: true });
      }
    },
  );

  it("leave the same where a disk fails after the newest checkpoint was damaged", async () => {
    for (let failsAt = FIRST; ; failsAt += EVERY) {
      const run = new Run();
      await run.start();
      for (const _ of [1, 2, 3, 4]) await run.checkpoint();
      await run.die();
      run.loseNewest();
      const disk = new FailingDisk(failsAt);
      let died = false;
      try {
        await run.start({ disk });
        await run.toEnd();
      } catch {
        died = disk.hasFailed;
        await run.die();
        await run.start();
        await run.toEnd();
      }
      expect(regardlessOfStarts(await results()), `failing at ${failsAt}`).toEqual(expected);
      rmSync(dir, { recursive: true });
      if (!died) break;
    }
  });
});

describe("deliveries", () => {
  it("are durable before their marker is written, and so is that before the next", async () => {
    const disk = new FailingDisk();
    const run = new Run();
    const seen: string[] = [];
    const onPoint = (point: DeliveryPoint) => {
      const { verdicts, markers } = run.outputs.position().log as FileLogPositions;
      seen.push(`${point}: ${verdicts.offset} verdicts, ${markers.offset} markers`);
      expect([...disk.unsynced], point).toEqual([]);
    };
    await run.start({ disk, onPoint });
    expect([...disk.unsynced], "what a checkpoint says of the sinks").toEqual([]);
    await run.toEnd();
    expect([...disk.unsynced], "the log's end").toEqual([]);
    expect(seen.slice(0, 6)).toEqual([
      "outbox-begun: 0 verdicts, 0 markers",
      "outbox-sent: 2 verdicts, 0 markers",
      "marker-written: 2 verdicts, 1 markers",
      "outbox-begun: 2 verdicts, 1 markers",
      "outbox-sent: 3 verdicts, 1 markers",
      "marker-written: 3 verdicts, 2 markers",
    ]);
  });

  it("can be tried again in the same process", async () => {
    const run = new Run();
    let fails = true;
    const stillMine = () => {
      if (fails) throw new Error("not now");
    };
    await run.start({ stillMine });
    await expect(run.checkpoint()).rejects.toThrow("not now");
    expect((run.outputs.position().log as FileLogPositions).verdicts.offset).toBe(0);
    fails = false;
    for (const _ of [1, 2]) await run.outputs.deliver(run.checkpoints[0]!);
    await run.die();
    expect((await results()).verdicts).toHaveLength(2);
  });

  it("come from nobody but the last to have taken over, nor does word of the run's end", async () => {
    const run = new Run();
    let isMine = true;
    const stillMine = () => {
      if (!isMine) raise("FENCED", { dir });
    };
    const onPoint = (point: DeliveryPoint) => {
      if (point === "outbox-begun" && run.checkpoints.length === 3) isMine = false;
    };
    await run.start({ stillMine, onPoint });
    await run.checkpoint();
    await run.checkpoint();
    await expect(run.checkpoint()).rejects.toMatchObject({ code: "FENCED" });
    expect(run.outputs.desk.counts()).toMatchObject([{ pass: 5 }]);
    expect(run.outputs.lastDelivered()).toMatchObject({ checkpoint: 1 });
    await run.outputs.close({ state: "failed", code: "FENCED" });
    const desk = new Desk(outputPaths.desk(dir));
    expect(desk.lastRun()).toMatchObject({ state: "unfinished" });
    desk.close();
  });

  it("say what was the last to be out", async () => {
    const run = new Run();
    await run.start();
    expect(run.outputs.lastDelivered()).toBeUndefined();
    await run.checkpoint();
    const marker = { job: "settlement", epoch: 1, attempt: 1, checkpoint: 1, time: NOON + 1 };
    expect(run.outputs.lastDelivered()).toEqual(marker);
    await run.die();
    await run.start();
    expect(run.outputs.lastDelivered()).toEqual(marker);
    await run.die();
  });

  it("are refused where the log or a sink has lost what was out", async () => {
    const run = new Run();
    await run.start();
    for (const _ of [1, 2, 3]) await run.checkpoint();
    await run.die();
    truncateSync(join(dir, "log/verdicts/0.log"), 60);
    await expect(run.start()).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    await expect(run.start({ since: undefined })).rejects.toMatchObject({ code: "LOG_OFFSET_OUT_OF_RANGE" });
    await run.die();

    rmSync(dir, { recursive: true });
    const other = new Run();
    await other.start();
    for (const _ of [1, 2, 3]) await other.checkpoint();
    await other.die();
    truncateSync(join(dir, "sinks/totals.jsonl"), 3);
    await expect(other.start()).rejects.toMatchObject({ code: "OUTPUT_REPLACED" });
    await other.die();
  });
});
