import { describe, expect, it } from "vitest";
import { Batch, type Layout } from "../base/batch.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { ValueColumn } from "../base/columns.ts";
import { seededRandom } from "../base/random.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../state/key-groups.ts";
import { decodeRows, encodeRows } from "./row-codec.ts";
import { type Routing, rowFormat } from "./row-format.ts";

const layout: Layout = [
  { name: "flag", type: "bool" },
  { name: "int", type: "int32" },
  { name: "long", type: "int64" },
  { name: "time", type: "float64" },
  { name: "key", type: "text" },
  { name: "bytes", type: "bytes" },
  { name: "value", type: "value" },
];

describe("rows on their way between tasks", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("come out as they went in (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const into = new Batch(layout);
    const expected: unknown[] = [];
    for (let piece = 0; piece < 20; piece++) {
      const batch = randomBatch(random);
      const rows = Int32Array.from({ length: batch.count }, (_, row) => row).filter(() => random.next() < 0.7);
      const out = new ByteWriter();
      encodeRows(batch, rows, rows.length, out);
      const input = new ByteReader(out.bytes());
      decodeRows(input, into);
      expect(input.isAtEnd).toBe(true);
      expected.push(...[...rows].map((row) => plain(batch, row)));
    }
    expect(Array.from({ length: into.count }, (_, row) => plain(into, row))).toEqual(expected);
  });

  it("take few bytes where most columns have one value", () => {
    const batch = new Batch(layout);
    for (let row = 0; row < 100; row++) add(batch, [true, 2, 7n, 1_772_409_600_000 + row, `p-${row}`, null, null]);
    const out = new ByteWriter();
    encodeRows(
      batch,
      Int32Array.from({ length: 100 }, (_, row) => row),
      100,
      out,
    );
    expect(out.length / 100).toBeLessThan(11);
  });

  it("go to the subtask that owns their key, those without one to the first", () => {
    const batch = new Batch(layout);
    const keys = [null, ...Array.from({ length: 50 }, (_, i) => `key-${i}`)];
    for (const key of keys) add(batch, [true, 1, 1n, 1, key, null, null]);
    const pieces = cut({ by: "key", column: "key" }, batch, 3);
    expect(pieces.map(({ subtask }) => subtask)).toEqual([0, 1, 2]);
    const owner = (key: string) => subtaskOf(keyGroupOf(hashBytes(Buffer.from(key), 0, key.length)), 3);
    for (const { subtask, rows } of pieces) {
      expect(rows.map((row) => row.key)).toEqual(keys.filter((key) => (key === null ? 0 : owner(key)) === subtask));
    }
  });

  it("go to all subtasks where they have no key, or stay where they are", () => {
    const batch = new Batch(layout);
    add(batch, [true, 1, 1n, 1, "a", null, null]);
    expect(cut({ by: "all" }, batch, 3).map(({ subtask, rows }) => [subtask, rows.length])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(cut({ by: "subtask" }, batch, 3).map(({ subtask }) => subtask)).toEqual([2]);
  });
});

/** The pieces that subtask 2 makes of a batch. */
function cut(routing: Routing, batch: Batch, subtasks: number) {
  const format = rowFormat([layout], [{ layout, routing, task: 1, input: 0 }], { subtask: 2, outputs: [subtasks] });
  const pieces: { subtask: number; rows: Record<string, unknown>[] }[] = [];
  format.cutRows(0, batch, (subtask, { write }) => {
    const out = new ByteWriter();
    write(out);
    const into = new Batch(layout);
    format.readRows(0, new ByteReader(out.bytes()), into);
    pieces.push({ subtask, rows: Array.from({ length: into.count }, (_, row) => into.row(row)) });
  });
  return pieces;
}

function randomBatch(random: { next(): number }): Batch {
  const batch = new Batch(layout);
  const count = Math.floor(random.next() * 40);
  const choose = <T>(...all: (() => T)[]): (() => T) => all[Math.floor(random.next() * all.length)]!;
  const whole = (most: number) => Math.floor((random.next() - 0.5) * 2 * most);
  const make = [
    choose<unknown>(
      () => random.next() < 0.5,
      () => true,
    ),
    choose(
      () => 5,
      () => Math.abs(whole(256)) % 256,
      () => whole(2 ** 31),
    ),
    choose(
      () => -5n,
      () => BigInt(whole(2 ** 31)),
      () => BigInt.asIntN(64, BigInt(whole(2 ** 52)) * 4096n),
    ),
    choose(
      () => Number.NEGATIVE_INFINITY,
      () => 1_772_409_600_000 + whole(2 ** 30),
      () => random.next(),
      () => whole(2 ** 53),
      () => [-0, 0, Number.NaN, 1][Math.floor(random.next() * 4)]!,
    ),
    choose(
      () => "same",
      () => `key-${whole(1000)}`,
      () => "é".repeat(200),
      () => "",
    ),
    choose(
      () => Buffer.from([1, 2, 3]),
      () => Buffer.alloc(Math.abs(whole(700)), 7),
    ),
    choose<unknown>(
      () => [1n, "two", { three: 3 }],
      () => whole(10),
    ),
  ];
  const nulls = make.map(() => [0, 0, 0.3, 1][Math.floor(random.next() * 4)]!);
  for (let row = 0; row < count; row++)
    add(
      batch,
      make.map((one, c) => (random.next() < nulls[c]! ? null : one())),
    );
  return batch;
}

function add(batch: Batch, values: readonly unknown[]): void {
  const row = batch.count;
  batch.grow(row + 1);
  for (const [c, column] of batch.columns.entries()) {
    const value = values[c];
    if (value === null) column.nulls[row] = 1;
    else if (column.type === "int64") column.setBig(row, value as bigint);
    else if (column.type === "bytes") column.put(row, value as Buffer, 0, (value as Buffer).length);
    else (column as ValueColumn).set(row, typeof value === "boolean" ? Number(value) : value);
  }
  batch.count = row + 1;
}

/** A row as values that tell −0 from 0. */
function plain(batch: Batch, row: number): unknown {
  const { bytes, ...rest } = batch.row(row);
  return { ...rest, bytes: bytes === null ? null : Buffer.from(bytes as Uint8Array).toString("hex") };
}
