import { expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { AFTER_ALL_TIME, BEFORE_ALL_TIME } from "../base/time.ts";
import { Watermark } from "./watermark.ts";

it("accepts watermarks that do not go back, and nothing else", () => {
  const watermark = at(5);
  expect(watermark.accepts({ type: "watermark", time: 4 })).toBe(false);
  expect(watermark.accepts({ type: "watermark", time: 5 })).toBe(true);
  expect(watermark.accepts({ type: "status", source: "shop", status: "stale" })).toBe(false);
});

it("is after the end of the input where it was before", () => {
  const watermark = at(5);
  watermark.atEnd(() => {
    watermark.time = AFTER_ALL_TIME;
  });
  expect(watermark.time).toBe(5);
});

it("is restored as the least of what subtasks saved", () => {
  const watermark = new Watermark();
  watermark.restore([]);
  expect(watermark.time).toBe(BEFORE_ALL_TIME);
  watermark.restore([saved(at(7)), saved(at(5))]);
  expect(watermark.time).toBe(5);
});

function at(time: number): Watermark {
  const watermark = new Watermark();
  watermark.time = time;
  return watermark;
}

function saved(watermark: Watermark): ByteReader {
  const out = new ByteWriter();
  watermark.save(out);
  return new ByteReader(Buffer.from(out.bytes()));
}
