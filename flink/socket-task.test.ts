import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { ByteReader } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import { raiseFailed } from "../dataflow/row-writer.ts";
import { writeControl } from "./control-codec.ts";
import { CountingResults, CountingTask, hostCounting } from "./counting-task.test-helper.ts";
import { FlinkEnd, recordOf, recordsOf } from "./flink-end.test-helper.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK, type TaskPlace, TO_TASK } from "./frames.ts";
import { Handover } from "./handover.ts";
import type { MakeHostedTask, SinkOutput, SourceInlet } from "./hosted-task.ts";
import { driveTask } from "./socket-task.ts";

describe("a task driven through a socket", () => {
  const ends: FlinkEnd[] = [];
  let results: CountingResults;
  const drive = async (task = new CountingTask(), sources?: SourceInlet, name = "results") => {
    const end = await FlinkEnd.drive((_place, sinks) => {
      results = new CountingResults(sinks, name);
      return hostCounting(task, results, sources);
    });
    ends.push(end);
    return end;
  };

  afterEach(async () => {
    for (const end of ends.splice(0)) await end.close();
  });

  it("gets rows that came together as one batch, in order with what stands between them", async () => {
    const flink = await drive();
    flink.open().write(TO_TASK.start).rows(0, "a").rows(0, "b", "a").rows(1, "c");
    control(flink, 1, 0, 1, { type: "watermark", time: 5 }).rows(1, "d");
    expect(await flink.records()).toEqual([
      ["batch", { input: 0, rows: 3 }],
      ["batch", { input: 1, rows: 1 }],
      ["control", { input: 1, element: { type: "watermark", time: 5 } }],
      ["counts", { a: 2, b: 1, c: 1 }],
      ["batch", { input: 1, rows: 1 }],
    ]);
  });

  it("gets the least frontier of an input's origins, and none before all of them have spoken", async () => {
    const flink = await drive();
    const frontier = (through: number, since = BEFORE_ALL_TIME) =>
      ({ type: "frontier", source: "shop", through, since }) as const;
    flink.open().write(TO_TASK.start);
    control(flink, 0, 0, 2, frontier(10, 3));
    control(flink, 0, 0, 2, frontier(20, 3));
    expect(await flink.records()).toEqual([]);
    control(flink, 0, 1, 2, frontier(15));
    control(flink, 0, 1, 2, frontier(16));
    control(flink, 0, 1, 2, frontier(30));
    const told = [15, 16, 20].map((through) => ["control", { input: 0, element: frontier(through, 3) }]);
    expect(await flink.records()).toEqual(told);
  });

  it("answers a barrier behind all that came before it, and gives the state as it was then while rows flow", async () => {
    const flink = await drive();
    flink.open().write(TO_TASK.start).rows(0, "a", "b", "c").number(TO_TASK.barrier, 7).rows(0, "a", "late");
    const types = (await flink.answers()).map(({ type }) => type);
    const { record, forward, barrier } = FROM_TASK;
    expect(types).toEqual([FROM_TASK.ready, record, ...Array(3).fill(forward), barrier, record, forward, forward]);

    const pulled = await flink.rows(0, "b").number(TO_TASK.pull, 7).answers();
    const parts = pulled.filter(({ type }) => type === FROM_TASK.part);
    expect(parts).toHaveLength(3);
    expect(pulled.filter(({ type }) => type === FROM_TASK.partsEnd)).toHaveLength(1);
    const groups = parts.map(({ payload }) => payload.readInt32LE(8));
    expect(groups).toEqual([...groups].sort((left, right) => left - right));
  });

  it("takes rows between the steps that parts are made in", async () => {
    const task = new CountingTask();
    const flink = await drive(task);
    await flink.open().write(TO_TASK.start).rows(0, "a").number(TO_TASK.barrier, 1).answers();
    task.idleSteps = Number.POSITIVE_INFINITY;
    await flink.number(TO_TASK.pull, 1).answers();
    expect(await flink.rows(0, "b").records()).toHaveLength(1);
    task.idleSteps = 0;
    const types: number[] = [];
    await expect
      .poll(async () => types.push(...(await flink.rows(0, "c").answers()).map(({ type }) => type)) && types)
      .toContain(FROM_TASK.partsEnd);
    expect(types).toContain(FROM_TASK.part);
  });

  it("goes on from the parts of others", async () => {
    const before = await drive();
    before.open().write(TO_TASK.start).rows(0, "a", "b", "a").number(TO_TASK.barrier, 1).rows(0, "a");
    const answers = await before.number(TO_TASK.pull, 1).answers();

    const after = await drive();
    after.open(1);
    for (const { type, payload } of answers) {
      // Behind the checkpoint, and the key group of a part.
      if (type === FROM_TASK.part) after.write(TO_TASK.restore, (out) => out.raw(payload, 12, payload.length));
      if (type === FROM_TASK.barrier) after.write(TO_TASK.restoreOwn, (out) => out.raw(payload, 8, payload.length));
    }
    after.write(TO_TASK.start).rows(0, "b");
    control(after, 0, 0, 1, { type: "watermark", time: 1 });
    const records = await after.records();
    expect(records[0]).toEqual(["restored", { own: 1, isFirst: false }]);
    expect(records.at(-1)).toEqual(["counts", { a: 2, b: 2 }]);
  });

  it("goes on from the files of others, which they keep until nobody reads them any more", async () => {
    const task = new CountingTask();
    const before = await drive(task);
    before.open().write(TO_TASK.start).rows(0, "a", "b", "a").number(TO_TASK.barrier, 1).rows(0, "a");
    const answers = await before.number(TO_TASK.files, 1).answers();
    const files = answers.find(({ type }) => type === FROM_TASK.files)!;
    expect(files.payload.readDoubleLE(0)).toBe(1);
    expect(task.heldBarriers).toBe(1);
    await before.number(TO_TASK.abort, 1).answers();
    expect(task.heldBarriers).toBe(0);
    const late = await before.number(TO_TASK.files, 1).answers();
    expect(late.map(({ type }) => type)).toContain(FROM_TASK.partsEnd);

    const after = await drive();
    after.open().write(TO_TASK.restoreFiles, (out) => {
      const json = Buffer.from(`{"folder":"nowhere","files":${files.payload.subarray(8)}}`);
      out.raw(json, 0, json.length);
    });
    after.write(TO_TASK.start).rows(0, "b");
    control(after, 0, 0, 1, { type: "watermark", time: 1 });
    expect((await after.records()).at(-1)).toEqual(["counts", { a: 2, b: 2 }]);
  });

  it("hears again where its inputs stood, and goes on when all origins have spoken anew", async () => {
    const before = await drive();
    before.open().write(TO_TASK.start);
    control(before, 1, 0, 2, { type: "watermark", time: 5 });
    control(before, 1, 1, 2, { type: "watermark", time: 9 });
    const answers = await before.number(TO_TASK.barrier, 1).answers();
    const own = ownStateOf(answers);
    const heard = (time: number) => ["control", { input: 1, element: { type: "watermark", time } }];

    const after = await drive();
    after
      .open()
      .write(TO_TASK.restoreOwn, (out) => out.raw(own, 0, own.length))
      .write(TO_TASK.start);
    expect(await after.records()).toContainEqual(heard(5));
    control(after, 1, 0, 1, { type: "watermark", time: 4 });
    expect(await after.records()).toEqual([]);
    control(after, 1, 0, 1, { type: "watermark", time: 7 });
    expect(await after.records()).toContainEqual(heard(7));
  });

  it("gets the results back that were not delivered, each subtask those of some former ones", async () => {
    const saved: Buffer[] = [];
    for (const subtask of [0, 1, 2]) {
      const before = await drive(new CountingTask(), undefined, `of ${subtask}`);
      before.open(subtask, 3).write(TO_TASK.start);
      saved.push(ownStateOf(await before.number(TO_TASK.barrier, 7).answers()));
    }
    const taken: string[][] = [];
    for (const subtask of [0, 1]) {
      const after = await drive();
      after.open(subtask, 2);
      for (const own of saved) after.write(TO_TASK.restoreOwn, (out) => out.raw(own, 0, own.length));
      await after.write(TO_TASK.start).answers();
      taken.push(results.restored);
    }
    expect(taken).toEqual([["of 0@7", "of 2@7"], ["of 1@7"]]);
  });

  it("tells its results of checkpoints that are confirmed", async () => {
    const flink = await drive();
    await flink.open().write(TO_TASK.start).number(TO_TASK.confirmed, 7).answers();
    expect(results.confirmations).toEqual([7]);
  });

  it("writes a record for a sink with key, value and time", async () => {
    const flink = await drive();
    flink.open().write(TO_TASK.start).rows(0, "a");
    const payload = (await flink.answers()).find(({ type }) => type === FROM_TASK.record)!.payload;
    expect(recordOf(payload)).toMatchObject({ sink: 0, time: 1.5, key: Buffer.from("batch") });
  });

  it("takes frames in order when one of them waits for something", async () => {
    const taken: string[] = [];
    let goOn = () => {};
    const sources: SourceInlet = {
      start: () => taken.push("start"),
      records: () => {
        taken.push("records");
        return new Promise((resolve) => (goOn = resolve));
      },
      proof: () => {
        taken.push("proof");
      },
    };
    const flink = await drive(new CountingTask(), sources);
    const answers = flink
      .open()
      .write(TO_TASK.start)
      .write(TO_TASK.records)
      .write(TO_TASK.proof)
      .rows(0, "a")
      .answers();
    await expect.poll(() => taken).toEqual(["start", "records"]);
    goOn();
    expect(recordsOf(await answers)).toEqual([["batch", { input: 0, rows: 1 }]]);
    expect(taken).toEqual(["start", "records", "proof"]);
  });

  it("takes no rows while the task is full, but those in front of a barrier", async () => {
    const task = new CountingTask();
    const flink = await drive(task);
    await flink.open().write(TO_TASK.start).answers();
    task.poll = () => false;
    task.isBusy = task.isFull = true;
    flink.rows(0, "a").send();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(task.keys).toBe(0);
    await flink.number(TO_TASK.barrier, 1).answers();
    expect(task.keys).toBe(1);
  });

  it("takes rows slowly while results are full, and a barrier at once", async () => {
    const flink = await drive();
    await flink.open().write(TO_TASK.start).answers();
    results.isFull = true;
    expect(await flink.rows(0, "a").rows(0, "b").rows(0, "c").records()).toHaveLength(3);
    expect(await flink.rows(0, "a").rows(0, "b").number(TO_TASK.barrier, 1).records()).toHaveLength(1);
  });

  it("takes no rows while results wait for servers, but what writes checkpoints down, and rows in front of a barrier", async () => {
    const flink = await drive();
    await flink.open().write(TO_TASK.start).number(TO_TASK.barrier, 1).answers();
    results.isFull = results.isStuck = true;
    const rows = flink.rows(0, "a").rows(0, "b").number(TO_TASK.pull, 1).number(TO_TASK.confirmed, 1).answers();
    await expect.poll(() => results.confirmations).toEqual([1]);
    await new Promise((resolve) => setTimeout(resolve, 150));
    results.isFull = results.isStuck = false;
    const types = (await rows).map(({ type }) => type);
    expect(types.indexOf(FROM_TASK.partsEnd)).toBeLessThan(types.indexOf(FROM_TASK.forward));
    results.isFull = results.isStuck = true;
    expect(await flink.rows(0, "c").number(TO_TASK.barrier, 2).records()).toHaveLength(1);
  });

  it("hands on what look-ups have in hand before it is over", async () => {
    const task = new CountingTask();
    const flink = await drive(task);
    await flink.open().write(TO_TASK.start).answers();
    task.isBusy = true;
    const records = await flink.write(TO_TASK.finish).records();
    expect(records).toEqual([
      ["polled", null],
      ["report", 0],
    ]);
  });

  it("tells metrics about once a second", async () => {
    const flink = await drive();
    await flink.open().write(TO_TASK.start).rows(0, "a", "b").answers();
    await expect.poll(() => flink.metrics.length).toBeGreaterThan(0);
    const [[count, task, node] = []] = flink.metrics;
    expect(count).toEqual({ name: "count", values: { keys: 2 } });
    expect(task).toMatchObject({ name: "task", values: { rowsIn: 2, rowsOut: 2 } });
    expect(node).toEqual({ name: "node", values: { nodeRssBytes: expect.any(Number) } });
  });

  it("closes the task when the other end is gone", async () => {
    const task = new CountingTask();
    const flink = await drive(task);
    await flink.open().write(TO_TASK.start).answers();
    await flink.close();
    expect(task.isClosed).toBe(true);
  });

  it("lets go of the parts of a checkpoint that was aborted", async () => {
    const task = new CountingTask();
    const flink = await drive(task);
    await flink.open().write(TO_TASK.start).rows(0, "a").number(TO_TASK.barrier, 1).answers();
    expect(task.heldBarriers).toBe(1);
    const [answer] = await flink.number(TO_TASK.abort, 1).number(TO_TASK.pull, 1).answers();
    expect([task.heldBarriers, answer?.type]).toEqual([0, FROM_TASK.partsEnd]);
  });

  it("is told of the end of each input, of processing time, and reports only when all is over", async () => {
    const flink = await drive();
    flink.open().write(TO_TASK.start).number(TO_TASK.processingTime, 1_000);
    flink.write(TO_TASK.end, (out) => out.byte(1)).write(TO_TASK.end, (out) => out.byte(0));
    const told = [
      ["time", 1_000],
      ["end", 1],
      ["end", 0],
    ];
    expect(await flink.records()).toEqual(told);
    expect(await flink.write(TO_TASK.finish).records()).toEqual([["report", 0]]);
  });

  it("says why it failed, and ends", async () => {
    const flink = await drive();
    flink.open().write(TO_TASK.start);
    flink.write(99);
    const answers = await flink.answers();
    const failure = answers.at(-1)!.payload.toString("utf8");
    expect(failure).toContain("unknown type 99");
    expect(failure).toContain("task-driver.ts");
    expect(recordsOf(answers)).toEqual([]);
    await expect(flink.driven).rejects.toThrow("unknown type 99");
  });
});

describe("what leaves the process", () => {
  it("is, where a function of the job threw, what it threw and where that was, and not how it was called", async () => {
    const thrown = new RangeError("too much");
    thrown.stack = `RangeError: too much\n    at tooMuch (job:rules.ts:6:9)\n${new Error("called").stack}`;
    const flink = await FlinkEnd.drive(() => raiseFailed("map", thrown, { of: "row 11 of shop.payments" }));
    const answers = await flink.open().answers();
    const failure = new ByteReader(answers.at(-1)!.payload);
    expect([failure.text(), failure.text()]).toEqual([
      "A function of the job failed in map at rules.ts:6:9, called for row 11 of shop.payments: RangeError: too much",
      "\n    at tooMuch (job:rules.ts:6:9)",
    ]);
    await flink.close();
  });

  it("is without secrets where a task fails", async () => {
    const fails = () => {
      throw new Error("the user app with hunter2 may not");
    };
    const flink = await FlinkEnd.drive(fails, (text) => text.replaceAll("hunter2", "***"));
    const answers = await flink.open().answers();
    const failure = answers.at(-1)!.payload.toString("utf8");
    expect(failure).toContain("the user app with *** may not");
    expect(failure).not.toContain("hunter2");
    await flink.close();
  });

  it("shows, while a restore keeps the one thread there is busy, that it does not hang", async () => {
    const [heard, worker] = await ListeningThread.start();
    let soon = 0;
    const begun = new Promise<void>((resolve, reject) => {
      const make: MakeHostedTask = (_place, sinks, alive) => ({
        ...hostCounting(new CountingTask(), new CountingResults(sinks, "results")),
        begin() {
          const until = performance.now() + 2_500;
          while (performance.now() < until) alive();
          soon = Atomics.load(heard, 0);
          resolve();
        },
      });
      driveTask(connect(worker.path), make, new Handover()).catch(reject);
    });
    await begun;
    expect(soon, "frames that had come before the restore was over").toBeGreaterThanOrEqual(2);
    await worker.end();
  });

  it("shows the same while a call brings out very much", async () => {
    const [heard, worker] = await ListeningThread.start();
    const value = Buffer.alloc(1_000);
    let sinks: SinkOutput | undefined;
    const make: MakeHostedTask = (_place, output) => {
      sinks = output;
      return hostCounting(new CountingTask(), new CountingResults(output, "results"));
    };
    void driveTask(connect(worker.path), make, new Handover());
    await expect.poll(() => Atomics.load(heard, 0)).toBeGreaterThanOrEqual(1);
    const before = Atomics.load(heard, 0);
    const until = performance.now() + 3_500;
    for (let i = 0; performance.now() < until; i++) if (i % 10_000 === 0) sinks!.record(0, null, value, 0);
    expect(Atomics.load(heard, 0) - before, "frames that had come before it was over").toBeGreaterThanOrEqual(2);
    await worker.end();
  });
});

/** Flink's end of a socket in a thread of its own, which counts the frames that come. */
class ListeningThread {
  readonly path: string;
  readonly #worker: Worker;

  private constructor(path: string, worker: Worker) {
    this.path = path;
    this.#worker = worker;
  }

  static async start(): Promise<[heard: Int32Array, thread: ListeningThread]> {
    const dir = mkdtempSync(join(tmpdir(), "countercheck-"));
    const path = join(dir, "task");
    const heard = new Int32Array(new SharedArrayBuffer(4));
    const frames = new FrameWriter();
    const place: TaskPlace = {
      ...{ task: 1, subtask: 0, parallelism: 1, keyGroups: 128, outputs: [], restores: false, folder: "nowhere" },
    };
    const json = Buffer.from(JSON.stringify(place));
    frames.begin(TO_TASK.open).raw(json, 0, json.length);
    frames.finish();
    frames.begin(TO_TASK.start);
    frames.finish();
    const worker = new Worker(LISTEN, { eval: true, workerData: { path, heard, frames: frames.take() } });
    await once(worker, "message");
    return [heard, new ListeningThread(path, worker)];
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
    rmSync(dirname(this.path), { recursive: true, force: true });
  }
}

const LISTEN = `
const { parentPort, workerData } = require("node:worker_threads");
const server = require("node:net").createServer((socket) => {
  socket.write(workerData.frames);
  let bytes = Buffer.alloc(0);
  socket.on("data", (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (; bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0); bytes = bytes.subarray(4 + bytes.readUInt32LE(0)))
      Atomics.add(workerData.heard, 0, 1);
  });
});
server.listen(workerData.path, () => parentPort.postMessage("listening"));
`;

/** What a subtask keeps besides its keys' state, behind the number of the checkpoint. */
function ownStateOf(answers: readonly { readonly type: number; readonly payload: Buffer }[]): Buffer {
  return answers.find(({ type }) => type === FROM_TASK.barrier)!.payload.subarray(8);
}

function control(flink: FlinkEnd, input: number, index: number, count: number, element: Control): FlinkEnd {
  return flink.write(TO_TASK.control, (out) => {
    out.byte(input);
    writeControl(out, { index, count }, element);
  });
}
