import { describe, expect, it } from "vitest";
import { ByteWriter } from "../base/bytes.ts";
import { isError } from "../base/errors.ts";
import type { SourcesTask } from "../runtime/task.ts";
import type { PlannedSplit } from "./cluster-plan.ts";
import type { SourceInlet } from "./hosted-task.ts";
import type { PushedPartition } from "./pushed-partition.ts";
import { PushedSplits, sourceInlet } from "./source-inlet.ts";
import { splitKeyGroup } from "./split-key-group.ts";

/** A record by its offset; its value is the offset as text. */
interface Pushed {
  readonly offset: number;
  readonly key?: string;
  readonly time?: number;
}

describe("records that Flink brings", () => {
  it("are read in place, with key, value and headers where they have them", () => {
    const { inlet, reads } = open();
    inlet.records(recordsOf(0, { offset: 5, key: "k", time: 17 }, { offset: 7 }));
    expect(reads).toEqual([
      [
        { split: "payments/0", offset: 5, key: "k", value: "5", time: 17, headers: null },
        { split: "payments/0", offset: 7, key: null, value: "7", time: 0, headers: null },
      ],
    ]);
  });

  it("are left out where they were read before", () => {
    const { inlet, reads, at } = open();
    at(0).seek(6);
    inlet.records(recordsOf(0, { offset: 4 }, { offset: 5 }));
    inlet.records(recordsOf(0, { offset: 5 }, { offset: 6 }, { offset: 9 }));
    expect(reads.flat().map(({ offset }) => offset)).toEqual([6, 9]);
    expect(at(0).offset).toBe(10);
  });

  it("prove by a heartbeat what lies before the ends that came with it", () => {
    const { inlet, reads, at, ends } = open();
    expect(at(0).endOffset()).toBeUndefined();
    inlet.proof(
      proofOf(
        [
          [0, 12],
          [1, 3],
        ],
        recordsOf(2, { offset: 0 }),
      ),
    );
    expect([at(0).endOffset(), reads.flat()[0]?.split, ends]).toEqual([12, "heartbeat/0", [12]]);
  });

  it("prove nothing of a split whose end is not known any more", () => {
    const { inlet, at } = open();
    inlet.proof(proofOf([[0, 12]], recordsOf(2, { offset: 0 })));
    inlet.proof(proofOf([], recordsOf(2, { offset: 1 })));
    expect(at(0).endOffset()).toBeUndefined();
  });

  it("wait for those in front of them, whose schema is fetched", async () => {
    const { inlet, reads, waits } = open();
    waits();
    const taken = inlet.proof(proofOf([], recordsOf(2, { offset: 0 }), recordsOf(2, { offset: 1 })));
    expect(reads).toHaveLength(1);
    await taken;
    expect(reads.flat().map(({ offset }) => offset)).toEqual([0, 1]);
  });

  it("are not brought again: what a reader would go back for is passed", () => {
    const fresh = open().at(0);
    fresh.seek(4);
    fresh.seek(2);
    const restored = open(true).at(0);
    restored.seek(4);
    expect(() => restored.seek(2)).toThrow(expect.toSatisfy((e) => isError(e, "CLUSTER_RECORDS_PASSED")));
  });

  it("show a backlog by their age", () => {
    const { inlet, splits } = open();
    expect(splits.isCaughtUp("shop", 90_000)).toBe(true);
    inlet.records(recordsOf(0, { offset: 0, time: 80_000 }));
    expect(splits.isCaughtUp("shop", 90_000)).toBe(false);
    inlet.records(recordsOf(0, { offset: 1, time: 95_000 }));
    expect(splits.isCaughtUp("shop", 90_000)).toBe(true);
  });

  it("show no backlog when they stop, however old the last one is", () => {
    const { inlet, splits } = open();
    inlet.records(recordsOf(0, { offset: 0, time: 80_000 }));
    expect(splits.isCaughtUp("shop", 90_000)).toBe(false);
    expect(splits.isCaughtUp("shop", 91_000)).toBe(true);
  });
});

/** The splits of a subtask that has one partition of payments, and not the other, with a task that reads what is pushed. */
function open(restores = false) {
  const subtask = splitKeyGroup("payments", 0) < 64 ? 0 : 1;
  const planned = ([topic, partition]: readonly [string, number]): PlannedSplit => ({
    ...{ source: "shop", topic, partition, topicId: "", start: 0 },
    heartbeat: topic === "heartbeat",
    keyGroup: splitKeyGroup(topic, partition),
  });
  const all = (
    [
      ["payments", 0],
      ["payments", 1],
      ["heartbeat", 0],
    ] as const
  ).map(planned);
  const splits = new PushedSplits(all, { subtask, parallelism: 2, restores });
  const at = (split: number): PushedPartition => splits.byNumber[split]!.partition;
  const reads: ReturnType<typeof shown>[] = [];
  const ends: (number | undefined)[] = [];
  let isWaiting = false;
  const task: Pick<SourcesTask, "announce" | "splitOf" | "read"> = {
    announce: () => undefined,
    splitOf: (_source, topic, partition) => all.findIndex((one) => one.topic === topic && one.partition === partition),
    read(split) {
      reads.push(shown(at(split)));
      if (all[split]!.heartbeat) ends.push(at(0).endOffset());
      return isWaiting ? Promise.resolve() : undefined;
    },
  };
  const inlet: SourceInlet = sourceInlet(splits, task as SourcesTask);
  const waits = () => {
    isWaiting = true;
  };
  return { inlet, splits, reads, ends, at, waits };
}

/** What a partition gives next. */
function shown(partition: PushedPartition) {
  const batch = partition.read()!;
  const text = (starts: Int32Array, stops: Int32Array, i: number) =>
    starts[i]! < 0 ? null : Buffer.from(batch.buffer.subarray(starts[i], stops[i])).toString();
  return Array.from({ length: batch.count }, (_, i) => ({
    split: `${batch.topic}/${batch.partition}`,
    offset: batch.offsets[i]!,
    time: batch.timestamps[i]!,
    key: text(batch.keyStarts, batch.keyEnds, i),
    value: text(batch.valueStarts, batch.valueEnds, i),
    headers: text(batch.headerStarts, batch.headerEnds, i),
  }));
}

function recordsOf(split: number, ...records: readonly Pushed[]): Buffer {
  const out = new ByteWriter();
  const write = (text: string | undefined) => {
    out.uint32(text === undefined ? 0xffffffff : text.length);
    if (text !== undefined) out.raw(Buffer.from(text), 0, text.length);
  };
  out.uint32(split);
  out.uint32(records.length);
  for (const { offset, time = 0, key } of records) {
    out.float64(offset);
    out.float64(time);
    write(key);
    write(String(offset));
    write(undefined);
  }
  return Buffer.from(out.bytes());
}

function proofOf(ends: readonly (readonly [split: number, end: number])[], ...pieces: readonly Buffer[]): Buffer {
  const out = new ByteWriter();
  out.uint32(ends.length);
  for (const [split, end] of ends) {
    out.uint32(split);
    out.float64(end);
  }
  out.uint32(pieces.length);
  for (const piece of pieces) {
    out.uint32(piece.length);
    out.raw(piece, 0, piece.length);
  }
  return Buffer.from(out.bytes());
}
