import { describe, expect, it } from "vitest";
import { seededRandom } from "../base/random.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FrameSplitter } from "./frames.ts";
import { letGo } from "./let-go.ts";

interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

describe("frames", () => {
  it.each([1, 2, 3, 4])("are those that were written, however the stream is cut (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const written = Array.from({ length: 200 }, (_, index): Frame => {
      const bytes = random.below(index % 50 === 0 ? 3_000_000 : 70_000);
      return { type: 1 + random.below(15), payload: Buffer.alloc(bytes, random.below(256)) };
    });
    const stream = streamOf(written);
    const held: Frame[] = [];
    const taken: Frame[] = [];
    const splitter = new FrameSplitter((type, payload) => held.push({ type, payload }));
    for (let at = 0; at < stream.length; ) {
      const end = Math.min(stream.length, at + 1 + random.below(65_536));
      splitter.push(stream.subarray(at, end));
      at = end;
      if (random.chance(0.7)) continue;
      taken.push(...held.splice(0).map(({ type, payload }) => ({ type, payload: Buffer.from(payload) })));
      splitter.letGo();
    }
    taken.push(...held);
    expect(taken.length).toBe(written.length);
    for (const [index, { type, payload }] of taken.entries()) {
      expect(type).toBe(written[index]!.type);
      expect(payload.equals(written[index]!.payload)).toBe(true);
    }
  });
});

describe("bytes that are let go of", () => {
  it("take no memory", () => {
    const own = Buffer.allocUnsafeSlow(100);
    letGo(own);
    expect([own.length, own.buffer.byteLength]).toEqual([0, 0]);
  });

  it("stay where others are beside them", () => {
    const beside = Buffer.allocUnsafeSlow(100).subarray(0, 50).fill(7);
    letGo(beside);
    expect([...beside]).toEqual(new Array(50).fill(7));
  });
});

function streamOf(frames: readonly Frame[]): Buffer {
  const out = new FrameWriter();
  for (const { type, payload } of frames) {
    out.begin(type).raw(payload, 0, payload.length);
    out.finish();
  }
  return out.take();
}
