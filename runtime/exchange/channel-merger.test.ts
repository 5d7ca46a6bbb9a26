import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import type { Control } from "../../dataflow/operator.ts";
import { ChannelMerger } from "./channel-merger.ts";

const BEFORE = Number.NEGATIVE_INFINITY;
const NEVER = Number.POSITIVE_INFINITY;

type Frontier = Control & { readonly type: "frontier" };

const frontier = (source: string, through: number, since = BEFORE): Frontier => ({
  type: "frontier",
  source,
  through,
  since,
});

/** A merger of channels that all carry the same inputs, and what it handed on. */
function merged(channels: number, inputs: readonly number[] = [0]) {
  const got: unknown[] = [];
  const merger = new ChannelMerger(
    Array.from({ length: channels }, () => inputs),
    {
      batch: (input, batch) => got.push(["batch", input, batch]),
      control: (input, element) => got.push([input, element]),
      end: (input) => got.push(["end", input]),
    },
    (checkpoint) => got.push(["aligned", checkpoint]),
  );
  const handlers = Array.from({ length: channels }, (_, channel) => merger.handlerOf(channel));
  return { merger, got, handlers };
}

describe("what several channels announce", () => {
  it("a frontier is the least of theirs, known since the latest start, and goes on when it rises", () => {
    const { got, handlers } = merged(2);
    handlers[0]!.control(0, frontier("shop", 10, 1));
    handlers[1]!.control(0, frontier("bank", 7));
    handlers[1]!.control(0, frontier("shop", 5, 2));
    handlers[1]!.control(0, frontier("shop", 20, 2));
    handlers[1]!.control(0, frontier("shop", 30, 2));
    expect(got).toEqual([
      [0, frontier("shop", 5, 2)],
      [0, frontier("shop", 10, 2)],
    ]);
  });

  it("a channel that has nothing of a source never holds it back, and alone proves nothing", () => {
    const { got, handlers } = merged(2);
    handlers[0]!.control(0, frontier("shop", NEVER));
    handlers[0]!.control(0, { type: "watermark", time: NEVER });
    handlers[1]!.control(0, frontier("shop", 5, 3));
    handlers[1]!.control(0, { type: "watermark", time: 5 });
    handlers[0]!.control(0, frontier("bank", NEVER));
    handlers[1]!.control(0, frontier("bank", NEVER));
    expect(got).toEqual([
      [0, frontier("shop", 5, 3)],
      [0, { type: "watermark", time: 5 }],
    ]);
  });

  it("status, faults and decisions pass every time", () => {
    const { got, handlers } = merged(2);
    const elements: Control[] = [
      { type: "status", source: "shop", status: "stale" },
      { type: "settled", fault: "orders/0/1" },
      { type: "resumed", suspension: "orders/0/2" },
    ];
    for (const handler of handlers) for (const element of elements) handler.control(0, element);
    expect(got).toEqual([...elements, ...elements].map((element) => [0, element]));
  });

  it("an input ends with the last channel that carries it", () => {
    const { got, handlers } = merged(2, [0, 1]);
    handlers[0]!.end(0);
    handlers[1]!.end(1);
    handlers[1]!.end(0);
    expect(got).toEqual([["end", 0]]);
    handlers[0]!.end(1);
    expect(got.slice(1)).toEqual([["end", 1]]);
  });

  it("frontiers and watermarks are those of a plain model under any interleaving of the channels' histories", () => {
    const time = fc.oneof(fc.nat(20), fc.constant(NEVER));
    const element = fc.oneof(
      fc.record({ source: fc.constantFrom("shop", "bank"), time, since: fc.nat(5) }),
      fc.record({ source: fc.constant("watermark"), time, since: fc.constant(0) }),
    );
    const histories = fc.array(
      fc.array(element).map((all) => all.sort((a, b) => a.time - b.time)),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(histories, fc.infiniteStream(fc.nat()), (drawn, order) => {
        const { got, handlers } = merged(drawn.length);
        const left = drawn.map((history) => [...history]);
        const seen: { channel: number; source: string; time: number; since: number }[] = [];
        const expected: unknown[] = [];
        const last = new Map<string, number>();
        while (left.some((history) => history.length > 0)) {
          const channel = order.next().value % left.length;
          const next = left[channel]!.shift();
          if (next === undefined) continue;
          const { source } = next;
          const isWatermark = source === "watermark";
          const control: Control = isWatermark
            ? { type: "watermark", time: next.time }
            : frontier(source, next.time, next.since);
          handlers[channel]!.control(0, control);
          seen.push({ channel, ...next });
          const ofSource = seen.filter((element) => element.source === source);
          const latest = drawn.map((_, c) => ofSource.findLast((element) => element.channel === c)?.time ?? BEFORE);
          const least = Math.min(...latest);
          if (least === NEVER || least <= (last.get(source) ?? BEFORE)) continue;
          last.set(source, least);
          const since = Math.max(...ofSource.map((element) => element.since));
          expected.push([0, isWatermark ? { type: "watermark", time: least } : frontier(source, least, since)]);
        }
        expect(got).toEqual(expected);
      }),
    );
  });
});

describe("a barrier", () => {
  it("holds the channels that delivered it until all have", () => {
    const { merger, got, handlers } = merged(2);
    const rows = new Batch([]);
    handlers[0]!.barrier(1);
    handlers[1]!.batch(0, rows);
    expect([merger.isHeld(0), merger.isHeld(1)]).toEqual([true, false]);
    expect(() => handlers[0]!.batch(0, rows)).toThrow("held at barrier 1");
    handlers[1]!.barrier(1);
    expect([merger.isHeld(0), merger.isHeld(1)]).toEqual([false, false]);
    handlers[0]!.batch(0, rows);
    expect(got).toEqual([
      ["batch", 0, rows],
      ["aligned", 1],
      ["batch", 0, rows],
    ]);
  });

  it("does not wait for channels that have ended, and takes no notice of theirs afterwards", () => {
    const { merger, got, handlers } = merged(3);
    handlers[0]!.end(0);
    handlers[1]!.barrier(1);
    expect(merger.isHeld(1)).toBe(true);
    handlers[2]!.end(0);
    handlers[0]!.barrier(1);
    handlers[2]!.barrier(1);
    handlers[1]!.barrier(2);
    handlers[1]!.end(0);
    handlers[0]!.barrier(3);
    handlers[2]!.barrier(3);
    expect(got).toEqual([
      ["aligned", 1],
      ["aligned", 2],
      ["end", 0],
      ["aligned", 3],
    ]);
  });
});
