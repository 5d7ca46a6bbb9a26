import { describe, expect, it } from "vitest";
import { partitionOfKey } from "../connectors/kafka/partitioner.ts";
import { FrameWriter } from "../flink/frame-writer.ts";
import { PushedPartition } from "../flink/pushed-partition.ts";
import { lookedAt } from "./place-check.ts";

const COUNT = 3;
const source = { name: "shop" };

/** The partition that Kafka's clients put a key into. */
const placeOf = (key: string) => partitionOfKey(Buffer.from(key), COUNT);
const keys = Array.from({ length: 3_000 }, (_, i) => `{"id":${i}}`);
const inPlace = keys.filter((key) => placeOf(key) === 1);
const elsewhere = keys.find((key) => placeOf(key) === 2)!;

/** A reader of partition 1 that has been brought these records. */
function brought(pushed: readonly (string | null)[]) {
  const partition = new PushedPartition("orders", 1, 0, false);
  const frame = new FrameWriter();
  const out = frame.begin(0);
  out.uint32(pushed.length);
  for (const [offset, key] of pushed.entries()) {
    out.float64(offset);
    out.float64(0);
    out.uint32(key === null ? 0xffffffff : key.length);
    if (key !== null) out.raw(Buffer.from(key), 0, key.length);
    for (const absent of [0xffffffff, 0xffffffff]) out.uint32(absent);
  }
  const bytes = frame.bytes.bytes();
  partition.push(bytes, 5, bytes.length);
  return lookedAt(partition, { topic: "orders", partition: 1, count: COUNT, source });
}

describe("the place of the first records of a partition", () => {
  it("is right where Kafka's clients put them; what has no key may be anywhere", () => {
    const reader = brought([...inPlace.slice(0, 10), null]);
    expect(reader.read(1)).toMatchObject({ count: 11 });
    expect([reader.read(1), reader.offset]).toEqual([null, 11]);
  });

  it("is wrong of one that belongs elsewhere", () => {
    expect(() => brought([inPlace[0]!, elsewhere]).read(1)).toThrow(
      expect.objectContaining({
        code: "ROWS_MOVE",
        details: expect.objectContaining({ topic: "orders", source: "shop" }),
      }),
    );
  });
});
