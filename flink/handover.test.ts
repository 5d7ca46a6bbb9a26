import { afterEach, describe, expect, it } from "vitest";
import { CountingResults, CountingTask, hostCounting } from "./counting-task.test-helper.ts";
import { type Answer, FlinkEnd } from "./flink-end.test-helper.ts";
import { FROM_TASK, ROWS, TO_TASK } from "./frames.ts";
import { Handover } from "./handover.ts";
import type { MakeHostedTask, SourceInlet } from "./hosted-task.ts";

/** Of keys with an even letter the first subtask of the task behind gets the rows, of others the second. */
const FIRST = "b";
const SECOND = "a";
/** More rows than may wait for a subtask. */
const VERY_MANY = 17_000;

describe("rows that a task hands to another of its process", () => {
  const ends: FlinkEnd[] = [];
  const drive = async (handover: Handover, task = new CountingTask(), sources?: SourceInlet, input = 0) => {
    const make: MakeHostedTask = (place, sinks) => {
      const hosted = hostCounting(task, new CountingResults(sinks, "results"), sources);
      // Both 0 and 1 are in front of 2.
      const outputs = [{ task: Math.max(place.task + 1, 2), input }];
      return { ...hosted, format: { ...hosted.format, outputs } };
    };
    const end = await FlinkEnd.drive(make, undefined, handover);
    ends.push(end);
    return end;
  };
  /** A task, and the first subtask of the one behind it. */
  const drivePair = async (handover = new Handover(), ofReceiver = handover) => {
    const counted = new CountingTask();
    const [sender, receiver] = [await drive(handover), await drive(ofReceiver, counted)];
    await start(receiver, 2);
    await start(sender);
    return { sender, receiver, counted };
  };
  const start = (end: FlinkEnd, task = 1) => end.open(0, 1, [2], task).write(TO_TASK.start).answers();
  /** What Flink does with rows: brings them to the subtask behind. */
  const bring = (rows: Answer, receiver: FlinkEnd) =>
    receiver.write(TO_TASK.batch, (out) => {
      out.byte(0);
      out.raw(rows.payload, 5, rows.payload.length);
    });
  const forwards = (answers: readonly Answer[]) => answers.filter(({ type }) => type === FROM_TASK.forward);
  const placeOf = ({ payload }: Answer) => ({ subtask: payload.readUInt32LE(1), rows: payload[5] });
  const counts = (rows: number) => [["batch", { input: 0, rows }]];

  afterEach(async () => {
    for (const end of ends.splice(0)) await end.close();
  });

  it("are those of the subtask that is in it; others go as bytes", async () => {
    const { sender, receiver } = await drivePair();
    const all = forwards(await sender.rows(0, FIRST, SECOND, FIRST).answers());
    expect(all.map(placeOf)).toEqual([
      { subtask: 1, rows: ROWS.written },
      { subtask: 0, rows: ROWS.handed },
    ]);
    expect(await bring(all[1]!, receiver).records()).toEqual(counts(2));
  });

  it("go as bytes to one that is in another process", async () => {
    const { sender, receiver, counted } = await drivePair(new Handover(), new Handover());
    const all = forwards(await sender.rows(0, FIRST, FIRST).answers());
    expect(all.map(placeOf)).toEqual(Array(2).fill({ subtask: 0, rows: ROWS.written }));
    for (const each of all) bring(each, receiver);
    await receiver.answers();
    expect(counted.keys).toBe(1);
  });

  it("have their place in front of a barrier, and behind it", async () => {
    const { sender, receiver, counted } = await drivePair();
    const answers = await sender.rows(0, FIRST, FIRST).number(TO_TASK.barrier, 1).rows(0, "d").answers();
    const { forward, barrier } = FROM_TASK;
    const kinds = answers.map(({ type }) => type).filter((type) => type === forward || type === barrier);
    expect(kinds).toEqual([forward, barrier, forward]);
    const [before, behind] = forwards(answers);
    await bring(before!, receiver).answers();
    expect(counted.keys).toBe(1);
    await bring(behind!, receiver).answers();
    expect(counted.keys).toBe(2);
  });

  it("are on their way while the task that they come from waits for something", async () => {
    const handover = new Handover();
    let goOn = () => {};
    const waits = () => new Promise<void>((resolve) => (goOn = resolve));
    const sender = await drive(handover, undefined, { start: () => undefined, records: waits, proof: () => undefined });
    const receiver = await drive(handover);
    await receiver.open(0, 1, [2], 2).write(TO_TASK.start).answers();
    await sender.open().write(TO_TASK.start).answers();
    const answers = sender.rows(0, FIRST).write(TO_TASK.records).answers();
    await expect.poll(() => forwards(sender.arrived)).toHaveLength(1);
    goOn();
    expect(forwards(await answers).map(placeOf)).toEqual([{ subtask: 0, rows: ROWS.handed }]);
  });

  it("come in the order of their tickets, whenever others were put in", async () => {
    const { sender, receiver } = await drivePair();
    const some = forwards(await sender.rows(0, FIRST).answers());
    const more = forwards(await sender.rows(0, FIRST, "d", "f").answers());
    expect(await bring(some[0]!, receiver).records()).toEqual(counts(1));
    expect(await bring(more[0]!, receiver).records()).toEqual(counts(3));
  });

  it("wait to be taken: while very many do, none are taken in but those in front of a barrier", async () => {
    const { sender, receiver } = await drivePair();
    const many = forwards(await sender.rows(0, ...Array<string>(VERY_MANY).fill(FIRST)).answers());
    let isTaken = false;
    const waiting = sender
      .rows(0, FIRST)
      .answers()
      .then((answers) => {
        isTaken = true;
        return answers;
      });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isTaken).toBe(false);
    for (const each of many) bring(each, receiver);
    await receiver.answers();
    expect(forwards(await waiting)).toHaveLength(1);
  });

  it("are taken in, although very many wait, where a barrier is behind them", async () => {
    const { sender } = await drivePair();
    await sender.rows(0, ...Array<string>(VERY_MANY).fill(FIRST)).answers();
    const answers = await sender.rows(0, FIRST).number(TO_TASK.barrier, 1).answers();
    expect(answers.map(({ type }) => type)).toContain(FROM_TASK.barrier);
    expect(forwards(answers)).toHaveLength(1);
  });

  it("hold up nobody but the task that they come from", async () => {
    const handover = new Handover();
    const { sender } = await drivePair(handover);
    const other = await drive(handover, undefined, undefined, 1);
    await start(other, 0);
    expect(forwards(await other.rows(0, FIRST).answers())).toHaveLength(1);
    // As behind a barrier that has come by this channel and not by the other one.
    await sender.rows(0, ...Array<string>(VERY_MANY).fill(FIRST)).answers();
    for (let frames = 0; frames < 512; frames++) other.rows(0, FIRST);
    const all = forwards(await other.answers());
    expect(all.map(placeOf)).toContainEqual({ subtask: 0, rows: ROWS.handed });
  });

  it("hold nobody up when their subtask is gone", async () => {
    const { sender, receiver } = await drivePair();
    await sender.rows(0, ...Array<string>(VERY_MANY).fill(FIRST)).answers();
    const waiting = sender.rows(0, FIRST).answers();
    await receiver.close();
    expect(forwards(await waiting).map(placeOf)).toEqual([{ subtask: 0, rows: ROWS.written }]);
  });

  it("are missed where a ticket comes to a subtask of another start of the job", async () => {
    const { sender, receiver } = await drivePair();
    const [rows] = forwards(await sender.rows(0, FIRST).answers());
    await receiver.close();
    const other = await drive(new Handover());
    other.open(0, 1, [2], 2).write(TO_TASK.start);
    const answers = await bring(rows!, other).answers();
    expect(answers.at(-1)!.payload.toString("utf8")).toContain("not of the same start of the job");
  });

  it("can be taken when the task that they come from has ended", async () => {
    const { sender, receiver } = await drivePair();
    const [rows] = forwards(await sender.rows(0, FIRST).answers());
    await sender.close();
    expect(await bring(rows!, receiver).records()).toEqual(counts(1));
  });

  it("are forgotten when another takes the place of the task that they come from", async () => {
    const handover = new Handover();
    const { sender, receiver } = await drivePair(handover);
    const [former] = forwards(await sender.rows(0, ...Array<string>(VERY_MANY).fill(FIRST)).answers());
    await sender.close();
    const next = await drive(handover);
    await start(next);
    const all = [...forwards(await next.rows(0, FIRST).answers()), ...forwards(await next.rows(0, FIRST).answers())];
    expect(all.map(placeOf)).toEqual(Array(2).fill({ subtask: 0, rows: ROWS.handed }));
    for (const each of all) expect(await bring(each, receiver).records()).toEqual(counts(1));
    const answers = await bring(former!, receiver).answers();
    expect(answers.at(-1)!.payload.toString("utf8")).toContain("not of the same start of the job");
  });

  it("are forgotten when the task that they come from ends, another having its place already", async () => {
    const handover = new Handover();
    const { sender, receiver } = await drivePair(handover);
    const [former] = forwards(await sender.rows(0, FIRST).answers());
    const next = await drive(handover);
    await start(next);
    const [rows] = forwards(await next.rows(0, FIRST).answers());
    await sender.close();
    expect(await bring(rows!, receiver).records()).toEqual(counts(1));
    const answers = await bring(former!, receiver).answers();
    expect(answers.at(-1)!.type).toBe(FROM_TASK.failed);
  });

  it("go as bytes to a subtask that takes the place of one which is gone", async () => {
    const handover = new Handover();
    const { sender, receiver } = await drivePair(handover);
    await sender.rows(0, FIRST).answers();
    await receiver.close();
    await start(await drive(handover), 2);
    expect(forwards(await sender.rows(0, FIRST).answers()).map(placeOf)).toEqual([{ subtask: 0, rows: ROWS.written }]);
  });

  it("are taken once", async () => {
    const { sender, receiver } = await drivePair();
    const [rows] = forwards(await sender.rows(0, FIRST).answers());
    await bring(rows!, receiver).answers();
    const answers = await bring(rows!, receiver).answers();
    expect(answers.at(-1)!.type).toBe(FROM_TASK.failed);
  });
});
