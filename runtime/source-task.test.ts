import { describe, expect, it } from "vitest";
import { Batch } from "../base/batch.ts";
import { CountercheckError } from "../base/errors.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import { Environment } from "../dataflow/environment.ts";
import { id, idOf, model, table } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader } from "../dataflow/source.ts";
import { memoryBackend } from "../testing/memory-backend.ts";
import { requireNothingDropped } from "./checkpoint/upgrade.ts";
import { type OutboxRecord, SOURCE_TAG } from "./outbox.ts";
import { asKept } from "./source-parts.ts";
import { SourceTask } from "./source-task.ts";
import type { CheckpointPart, PartsAtBarrier, TaskOutput } from "./task.ts";

const Thing = model("Thing", { from: table("db", "things"), fields: { key: id() } });

/** What one `read` of the source does. */
type Step = (output: SourceOutput) => boolean | Promise<boolean>;

describe("the task with the sources", () => {
  it("hands on rows and frontiers for the task behind", () => {
    const { task, keys, controls } = open([insert(1, 10), insert(2, 20)]);
    task.announce();
    for (let read = 0; read < 3; read++) expect(task.read(0)).toBeUndefined();
    expect(keys).toEqual(["1", "2"]);
    const frontier = (through: number) => ({ type: "frontier", source: "db", through });
    expect(controls).toMatchObject([frontier(9), { type: "watermark", time: 9 }, frontier(19), { time: 19 }]);
  });

  it("proves all of a source whose rows are read elsewhere", () => {
    const { task, controls } = open([], { splits: 0 });
    task.announce();
    expect(controls[0]).toMatchObject({ type: "frontier", through: Number.POSITIVE_INFINITY });
  });

  it("waits while its source cannot be read, tells of it, and reads the same again", async () => {
    const down: Step = () => Promise.reject(new CountercheckError("REGISTRY_UNAVAILABLE", { registry: "r" }));
    const { task, keys, alerts } = open([down, down, insert(1, 10)]);
    await task.read(0);
    expect(keys).toEqual(["1"]);
    expect(alerts()).toEqual(["REGISTRY_UNAVAILABLE/db", "REGISTRY_UNAVAILABLE/db"]);
  });

  it("fails by what keeps it from being read for too long: no barrier passes meanwhile", async () => {
    const down: Step = () => Promise.reject(new CountercheckError("REGISTRY_UNAVAILABLE", { registry: "r" }));
    const { task, clock, alerts } = open([down, down, down, down, insert(1, 10)]);
    clock.sleepMs = 40_000;
    await expect(async () => task.read(0)).rejects.toMatchObject({ code: "REGISTRY_UNAVAILABLE" });
    expect(alerts()).toHaveLength(4);
  });

  it("fails by what no retry mends", async () => {
    const corrupt: Step = () => {
      throw new CountercheckError("LOG_CORRUPT", {});
    };
    await expect(open([corrupt]).task.read(0)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
  });

  it("fails where positions went back, for Flink would pass what it does not take", async () => {
    const { task, alerts } = open([insert(1, 10, 5), insert(1, 90_000, 4)]);
    task.read(0);
    await expect(async () => task.read(0)).rejects.toMatchObject({ code: "SOURCE_STOPPED" });
    expect(alerts()).toEqual(["POSITION_WENT_BACK/db"]);
  });

  it("says that a source is stale when its frontier stands still, but not while a backlog is worked off", () => {
    const { task, clock, controls, alerts } = open([insert(1, 10), insert(2, 20)], { staleAfterMs: 5_000 });
    const status = () => controls.filter(({ type }) => type === "status");
    const wait = (seconds: number) => {
      for (let i = 0; i < seconds; i++) {
        clock.time += 1_000;
        task.processingTime(clock.time);
      }
    };
    task.read(0);
    clock.isCaughtUp = false;
    wait(10);
    expect(status()).toEqual([]);
    clock.isCaughtUp = true;
    wait(10);
    task.read(0);
    wait(2);
    expect(status()).toEqual([
      { type: "status", source: "db", status: "stale" },
      { type: "status", source: "db", status: "active" },
    ]);
    expect(alerts()).toEqual(["SOURCE_STALE/db"]);
  });

  it("goes on with rows, splits and sources that others had, in parts by key group", async () => {
    const before = open([insert(1, 10), insert(2, 20)], { splits: 2 });
    before.task.read(1);
    before.task.read(1);
    const { own, next } = partsOf(before.task.barrier());

    const after = open([insert(1, 10), insert(3, 30)], { splits: 2 });
    for (const part of [...own, ...next]) after.task.take(part);
    await after.task.restored(before.task.kept, true);
    after.task.announce();
    after.task.read(1);
    after.task.read(1);
    // The row that was read before is known.
    expect(after.keys).toEqual(["3"]);
  });

  it("goes on with no topic that was made anew, for its offsets mean something else", async () => {
    const before = open([insert(1, 10)], { topicId: "former" });
    before.task.read(0);
    const { own, next } = partsOf(before.task.barrier());
    const resumed = async (topicId: string) => {
      const { task } = open([], { topicId });
      for (const part of [...own, ...next]) task.take(part);
      await task.restored(before.task.kept, true);
    };
    await expect(resumed("present")).rejects.toMatchObject({
      code: "KAFKA_TOPIC_RECREATED",
      details: { topic: "things", partition: 0, offset: 1 },
    });
    await resumed("former");
  });

  describe("whose rows are gathered by now, or no more", () => {
    const before = { splits: 2, groups: [7, 71] };
    const together = { splits: 2, groups: [7, 7], gathered: true };
    const resumed = async (from: Opening, to: Opening) => {
      const first = open([insert(1, 10), insert(2, 20)], from);
      first.task.read(1);
      const { own, next } = partsOf(first.task.barrier());
      const second = open([insert(1, 10)], to);
      for (const part of [...own, ...next]) second.task.take(part);
      await second.task.restored(first.task.kept, true);
      return second;
    };

    it("goes on with all of them in one place, where all came to it", async () => {
      const { task, keys } = await resumed(before, together);
      const rows = partsOf(task.barrier()).next.filter(({ uid }) => uid.startsWith("rows/"));
      expect(rows.map(({ keyGroup }) => keyGroup)).toEqual([7]);
      task.read(1);
      expect(keys).toEqual([]);
    });

    it("refuses what belongs to others, and what cannot be parted", async () => {
      const details = { topic: "things" };
      const others = resumed(before, { ...together, groups: [7, 7], reads: [0] });
      await expect(others).rejects.toMatchObject({ code: "CLUSTER_ROWS_GATHERED", details });
      await expect(resumed(together, before)).rejects.toMatchObject({ code: "CLUSTER_ROWS_PARTED", details });
    });
  });

  it("tells rows from operators in what it keeps, so that what a job drops can be named", () => {
    const kept = open([]).task.kept;
    expect(() => requireNothingDropped(asKept(kept), asKept(kept))).not.toThrow();
    expect(() => requireNothingDropped(asKept(kept), asKept([]))).toThrow("the rows of model Thing from db.things");
  });

  it("reads nothing more once its input has ended", () => {
    const { task, keys, ended } = open([insert(1, 10)]);
    task.end(1);
    expect(ended()).toBe(0);
    task.end(0);
    task.read(0);
    expect([keys, ended()]).toEqual([[], 1]);
  });
});

interface Opening {
  readonly splits?: number;
  readonly staleAfterMs?: number;
  readonly topicId?: string;
  /** Of each split. */
  readonly groups?: readonly number[];
  readonly gathered?: boolean;
  /** Splits that are its own; else all. */
  readonly reads?: readonly number[];
}

function open(steps: readonly Step[], opening: Opening = {}) {
  const { splits = 1, staleAfterMs, groups = Array.from({ length: splits }, (_, split) => 100 - split) } = opening;
  const env = new Environment();
  const emits = { key: id() };
  env
    .changes(Thing)
    .asEvents()
    .keyBy("key")
    .process("pass", { state: {}, emits, onElement: ({ key }, { emit }) => emit({ key }) })
    .to("things");
  const clock = { time: 0, isCaughtUp: true, sleepMs: 0 };
  const task = new SourceTask({
    graph: env.graph("things"),
    isFirst: true,
    readers: [scripted(steps, { splits, ...opening })],
    backend: memoryBackend(),
    retainMs: 1e9,
    groups: new Map(groups.map((group, split) => [`db things/${split}`, group])),
    clock: {
      now: () => clock.time,
      sleep: async () => {
        clock.time += clock.sleepMs;
      },
    },
    unreadableMs: 100_000,
    staleAfterMs,
    isCaughtUp: () => clock.isCaughtUp,
  });
  const keys: string[] = [];
  const controls: Control[] = [];
  const told: OutboxRecord[] = [];
  let ended = 0;
  const output: TaskOutput = {
    forward(_output, batch) {
      for (let row = 0; row < batch.count; row++) keys.push(String(batch.row(row).key));
    },
    control: (_output, element) => controls.push(element),
    end: () => ended++,
    emit(tag, record) {
      expect(tag).toBe(SOURCE_TAG);
      told.push(record as OutboxRecord);
    },
  };
  task.open(output);
  const alerts = () => told.flatMap((record) => (record.kind === "engine-alert" ? [record.alert.id] : []));
  return { task, clock, keys, controls, alerts, ended: () => ended };
}

function partsOf(parts: PartsAtBarrier) {
  const next: CheckpointPart[] = [];
  for (let some = parts.next(); some !== undefined; some = parts.next()) next.push(...some);
  return { own: parts.own, next };
}

/** The last split takes the steps; the others have nothing. */
function scripted(steps: readonly Step[], { splits = 1, topicId, gathered, reads }: Opening): SourceReader {
  let next = 0;
  const all = Array.from({ length: splits }, (_, partition) => {
    const more = { ...(topicId && { topicId }), ...(gathered && { gathered }) };
    return { topic: "things", partition, table: "things", heartbeat: false, ...more };
  });
  return {
    source: "db",
    longestTransactionMs: 0,
    splits: reads?.map((partition) => all[partition]!) ?? all,
    formatPosition: (...parts) => parts.join("/"),
    read: (_split, _maxBytes, output) => steps[next++]?.(output) ?? false,
    position: () => next,
    endOffset: () => steps.length,
    save: () => undefined,
    restore: () => undefined,
    close() {},
  };
}

function insert(key: number, time: number, position = time): Step {
  return (output) => {
    const batch = new Batch(changeLayout(Thing), 1);
    const meta = changeColumns(batch);
    meta.kind.set(0, OP.create);
    meta.time.set(0, time);
    meta.seed.nulls[0] = 1;
    meta.row.set(0, String(key));
    for (const column of [meta.major, meta.sub, meta.offset]) column.set(0, 0);
    meta.minor.set(0, position);
    meta.table.set(0, 0);
    meta.absent.set(0, 0);
    writeFields(batch, FIRST_FIELD, 0, Thing.fields, { key: idOf(key) });
    batch.count = 1;
    output.changes(Thing, 0, batch);
    output.progress(0, time);
    return true;
  };
}
