import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Control } from "../dataflow/operator.ts";
import { readControl, writeControl } from "./control-codec.ts";

const place = { topic: "shop.payments", partition: 1, offset: 17 };

describe("a control element in a frame", () => {
  const elements: Control[] = [
    { type: "frontier", source: "shop", through: Number.NEGATIVE_INFINITY, since: 1_772_409_600_000 },
    { type: "watermark", time: 1_772_409_600_000.5 },
    { type: "status", source: "ledger", status: "stale" },
    {
      type: "fault",
      fault: {
        ...place,
        id: "shop.payments/1/17",
        source: "shop",
        table: "payments",
        code: "AVRO_CORRUPT",
        message: "cannot be decoded",
        key: Buffer.from([0, 255]),
        value: new Uint8Array([1, 2, 3]),
      },
      fields: [{ paymentId: "'p-1" }, {}],
    },
    { type: "settled", fault: "shop.payments/1/17" },
    {
      type: "suspension",
      suspension: {
        id: "shop.payments/1/18",
        source: "shop",
        table: "payments",
        models: ["Payment"],
        cause: "truncate",
        message: "was emptied",
        time: Number.NEGATIVE_INFINITY,
      },
    },
    { type: "resumed", suspension: "shop.payments/1/18" },
  ];

  it.each(elements)("comes out as it went in: $type", (element) => {
    const out = new ByteWriter();
    writeControl(out, { index: 1, count: 3 }, element);
    const read = readControl(new ByteReader(Buffer.from(out.bytes())));
    expect(read.origin).toEqual({ index: 1, count: 3 });
    expect(plain(read.element)).toEqual(plain(element));
  });
});

/** Bytes as plain lists: a Buffer is as good as any other Uint8Array. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}
