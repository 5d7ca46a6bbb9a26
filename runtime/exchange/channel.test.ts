import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { Control } from "../../dataflow/operator.ts";
import { batchOf, plainRows } from "./batch.test-helper.ts";
import { type ChannelHandler, ChannelReader, ChannelWriter } from "./channel.ts";
import { makeRing, RingReader, RingWriter } from "./ring.ts";

const LAYOUT = [
  { name: "id", type: "text" },
  { name: "n", type: "float64" },
] as const;

/** A channel of two inputs through a ring of so many bytes, and what came out of it, rows one by one. */
function channel(capacity: number) {
  const memory = makeRing(capacity);
  const writer = new ChannelWriter(new RingWriter(memory));
  const batches = [new Batch(LAYOUT), new Batch(LAYOUT)];
  const reader = new ChannelReader(new RingReader(memory), batches);
  const got: unknown[] = [];
  const sizes: number[] = [];
  const handler: ChannelHandler = {
    batch(input, batch) {
      sizes.push(batch.count);
      for (const row of plainRows(batch)) got.push(["row", input, ...row]);
    },
    control: (input, element) => got.push([element, input]),
    end: (input) => got.push(["end", input]),
    barrier: (checkpoint) => got.push(["barrier", checkpoint]),
  };
  const rows = (input: number, ...values: [string | null, number][]) => {
    const order = Int32Array.from(values.keys());
    writer.rows(input, batchOf(LAYOUT, values), order, order.length);
  };
  return { writer, got, sizes, rows, read: () => reader.read(handler) };
}

const FAULT: Control = {
  type: "fault",
  fault: {
    id: "orders/0/7",
    source: "shop",
    table: "orders",
    topic: "orders",
    partition: 0,
    offset: 7,
    code: "ROW_INCOMPLETE",
    message: "…",
    key: null,
    value: new Uint8Array([0, 255]),
  },
  fields: [{ orderId: "'a" }],
};

const CONTROLS: readonly Control[] = [
  { type: "frontier", source: "händler", through: 1_700_000_000_123, since: Number.NEGATIVE_INFINITY },
  { type: "frontier", source: "", through: Number.POSITIVE_INFINITY, since: 0.5 },
  { type: "watermark", time: Number.POSITIVE_INFINITY },
  { type: "status", source: "shop", status: "stale" },
  FAULT,
  { type: "settled", fault: "orders/0/7" },
  {
    type: "suspension",
    suspension: {
      id: "orders/0/8",
      source: "shop",
      table: "orders",
      models: ["Order"],
      cause: "truncate",
      message: "…",
      time: 5,
    },
  },
  { type: "resumed", suspension: "orders/0/8" },
];

describe("a data channel", () => {
  it("sends rows together, and in front of the element that follows them", () => {
    const { writer, rows, read, got, sizes } = channel(4096);
    rows(0, ["a", 1], [null, 2]);
    rows(1, ["b", 3]);
    rows(0, ["c", 4]);
    expect(read()).toBe(false);
    writer.barrier(2 ** 40);
    writer.end(1);
    while (read());
    expect(sizes).toEqual([3, 1]);
    expect(got).toEqual([
      ["row", 0, "a", 1],
      ["row", 0, null, 2],
      ["row", 0, "c", 4],
      ["row", 1, "b", 3],
      ["barrier", 2 ** 40],
      ["end", 1],
    ]);
  });

  it.each(CONTROLS)("carries $type elements", (element) => {
    const { writer, read, got } = channel(4096);
    writer.control(1, element);
    read();
    writer.control(0, CONTROLS[0]!);
    read();
    expect(got).toEqual([
      [element, 1],
      [CONTROLS[0], 0],
    ]);
  });

  it("sends rows at a thousand, or when they are large, and the others when it is flushed", () => {
    const { writer, rows, read, sizes } = channel(1 << 22);
    rows(0, ...Array.from({ length: 2_500 }, (_, n): [string, number] => ["", n]));
    while (read());
    expect(sizes).toEqual([1_000, 1_000]);
    rows(0, ["x".repeat(2_000_000), 1], ["", 2]);
    while (read());
    expect(sizes).toEqual([1_000, 1_000, 501]);
    expect(writer.flush()).toBe(true);
    while (read());
    expect(sizes).toEqual([1_000, 1_000, 501, 1]);
  });

  it("keeps what the ring has no room for until it is flushed, and says that it is blocked", () => {
    const { writer, rows, read, got } = channel(128);
    for (let n = 0; n < 50; n++) {
      rows(0, [`${n}`, n]);
      writer.control(0, { type: "watermark", time: n });
    }
    expect([writer.isBlocked, writer.flush()]).toEqual([true, false]);
    for (let turn = 0; writer.isBlocked; turn++) {
      expect(turn).toBeLessThan(1_000);
      while (read());
      writer.flush();
    }
    while (read());
    const expected = Array.from({ length: 50 }, (_, n) => [
      ["row", 0, `${n}`, n],
      [{ type: "watermark", time: n }, 0],
    ]);
    expect(got).toEqual(expected.flat());
  });

  it("keeps the order of each input, whatever is sent, through a ring of any size", () => {
    const input = fc.nat(1);
    const step = fc.oneof(
      fc.record({ do: fc.constant("rows" as const), input, ids: fc.array(fc.string({ maxLength: 300 })) }),
      fc.record({ do: fc.constant("batch" as const), input, ids: fc.array(fc.string(), { minLength: 1 }) }),
      fc.record({ do: fc.constant("control" as const), input, element: fc.constantFrom(...CONTROLS) }),
      fc.record({ do: fc.constant("barrier" as const), checkpoint: fc.nat() }),
      fc.record({ do: fc.constantFrom("flush" as const, "read" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 3, max: 14 }), (steps, bits) => {
        const { writer, rows, read, got } = channel(2 ** bits);
        const sent: unknown[] = [];
        for (const drawn of steps) {
          if (drawn.do === "rows" || drawn.do === "batch") {
            const values = drawn.ids.map((id, n): [string, number] => [id, n]);
            if (drawn.do === "rows") rows(drawn.input, ...values);
            else writer.batch(drawn.input, batchOf(LAYOUT, values));
            sent.push(...values.map((value) => ["row", drawn.input, ...value]));
          } else if (drawn.do === "control") {
            writer.control(drawn.input, drawn.element);
            sent.push([drawn.element, drawn.input]);
          } else if (drawn.do === "barrier") {
            writer.barrier(drawn.checkpoint);
            sent.push(["barrier", drawn.checkpoint]);
          } else if (drawn.do === "flush") writer.flush();
          else read();
        }
        while (!writer.flush()) while (read());
        while (read());
        for (const only of [0, 1]) expect(forInput(got, only)).toEqual(forInput(sent, only));
      }),
    );
  });
});

/** The elements of one input, and the barriers, which are everybody's. */
function forInput(elements: readonly unknown[], input: number): unknown[] {
  return (elements as unknown[][]).filter(([type, of]) => type === "barrier" || of === input);
}
