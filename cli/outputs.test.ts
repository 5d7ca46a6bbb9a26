import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Disk, systemDisk } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { Desk } from "../connectors/desk/desk.ts";
import { decodeAlert, decodeDeadLetter, decodeMarker, decodeVerdict } from "../schemas/contracts.ts";
import { SqliteSnapshotStore } from "../snapshots/sqlite-snapshot-store.ts";
import { FailingDisk } from "../test/support/failing-disk.ts";
import type { FileLogPositions } from "./output-log.ts";
import { readTopic } from "./output-topics.ts";
import { clock, GRAPH, killAt, NOON, Run } from "./outputs.test-helper.ts";
import { type DeliveryPoint, outputPaths, RunOutputs } from "./outputs.ts";

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

/** Lives through the disks one after the other; the last of them holds. */
async function live(disks: readonly Disk[]): Promise<number> {
  const run = new Run(dir);
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
        const run = new Run(dir);
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
        const run = new Run(dir);
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
      const run = new Run(dir);
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
    const run = new Run(dir);
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
    const run = new Run(dir);
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
    const run = new Run(dir);
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
    const run = new Run(dir);
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
    const run = new Run(dir);
    await run.start();
    for (const _ of [1, 2, 3]) await run.checkpoint();
    await run.die();
    truncateSync(join(dir, "log/verdicts/0.log"), 60);
    await expect(run.start()).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    await expect(run.start({ since: undefined })).rejects.toMatchObject({ code: "LOG_OFFSET_OUT_OF_RANGE" });
    await run.die();

    rmSync(dir, { recursive: true });
    const other = new Run(dir);
    await other.start();
    for (const _ of [1, 2, 3]) await other.checkpoint();
    await other.die();
    truncateSync(join(dir, "sinks/totals.jsonl"), 3);
    await expect(other.start()).rejects.toMatchObject({ code: "OUTPUT_REPLACED" });
    await other.die();
  });
});

it("does not go on in files behind results that are in topics", async () => {
  const run = new Run(dir);
  await run.start();
  await run.checkpoint();
  await run.die();
  const topics = { verdicts: [3], alerts: [1], "dead-letters": [0], markers: [2] };
  const since = { ...run.checkpoints[0]!.before, log: topics };
  await expect(RunOutputs.open(dir, GRAPH, { clock, start: "on", since })).rejects.toMatchObject({
    code: "RESULTS_ELSEWHERE",
  });
});
