import { afterEach, describe, expect, it } from "vitest";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import { writeControl } from "./control-codec.ts";
import { CountingTask } from "./counting-task.test-helper.ts";
import { FlinkEnd, recordsOf } from "./flink-end.test-helper.ts";
import { FROM_TASK, TO_TASK } from "./frames.ts";

describe("a task driven through a socket", () => {
  const ends: FlinkEnd[] = [];
  const drive = async (task = new CountingTask()) => {
    const end = await FlinkEnd.drive(task);
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

  it("hears again where its inputs stood, and goes on from there with origins that are silent now", async () => {
    const before = await drive();
    before.open().write(TO_TASK.start);
    control(before, 1, 0, 2, { type: "watermark", time: 5 });
    control(before, 1, 1, 2, { type: "watermark", time: 9 });
    const answers = await before.number(TO_TASK.barrier, 1).answers();
    const own = answers.find(({ type }) => type === FROM_TASK.barrier)!.payload.subarray(8);
    const heard = (time: number) => ["control", { input: 1, element: { type: "watermark", time } }];

    const after = await drive();
    after
      .open()
      .write(TO_TASK.restoreOwn, (out) => out.raw(own, 0, own.length))
      .write(TO_TASK.start);
    expect(await after.records()).toContainEqual(heard(5));
    control(after, 1, 0, 2, { type: "watermark", time: 7 });
    expect(await after.records()).toContainEqual(heard(7));
  });

  it("waits for all origins anew where there are more or fewer of them", async () => {
    const before = await drive();
    before.open().write(TO_TASK.start);
    control(before, 0, 0, 1, { type: "watermark", time: 5 });
    const answers = await before.number(TO_TASK.barrier, 1).answers();
    const own = answers.find(({ type }) => type === FROM_TASK.barrier)!.payload.subarray(8);

    const after = await drive();
    after
      .open()
      .write(TO_TASK.restoreOwn, (out) => out.raw(own, 0, own.length))
      .write(TO_TASK.start);
    await after.answers();
    control(after, 0, 0, 2, { type: "watermark", time: 8 });
    control(after, 0, 1, 2, { type: "watermark", time: 4 });
    expect(await after.records()).toEqual([]);
    control(after, 0, 1, 2, { type: "watermark", time: 6 });
    expect((await after.records())[0]).toEqual(["control", { input: 0, element: { type: "watermark", time: 6 } }]);
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
    expect(answers.at(-1)?.payload.toString("utf8")).toContain("unknown type 99");
    expect(recordsOf(answers)).toEqual([]);
    await expect(flink.driven).rejects.toThrow("unknown type 99");
  });
});

function control(flink: FlinkEnd, input: number, index: number, count: number, element: Control): FlinkEnd {
  return flink.write(TO_TASK.control, (out) => {
    out.byte(input);
    writeControl(out, { index, count }, element);
  });
}
