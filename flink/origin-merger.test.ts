import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Control } from "../dataflow/operator.ts";
import { OriginMerger } from "./origin-merger.ts";

describe("the control elements of several origins", () => {
  it("make a source stale while one of them is", () => {
    const merger = new OriginMerger();
    const status = (is: "active" | "stale") => ({ type: "status", source: "shop", status: is }) as const;
    const told = [
      merger.merge({ index: 0, count: 2 }, status("stale")),
      merger.merge({ index: 1, count: 2 }, status("stale")),
      merger.merge({ index: 0, count: 2 }, status("active")),
      merger.merge({ index: 1, count: 2 }, status("active")),
    ];
    expect(told).toEqual([status("stale"), undefined, undefined, status("active")]);
  });

  it("pass when there is nothing to combine", () => {
    const settled: Control = { type: "settled", fault: "shop.payments/1/17" };
    expect(new OriginMerger().merge({ index: 1, count: 2 }, settled)).toBe(settled);
  });

  it("are restored to the least that any former subtask had heard, and go on when all have spoken anew", () => {
    const merger = new OriginMerger();
    merger.restore([heard([10, 3], 1), heard([4, 7], 2)]);
    expect(merger.standing()).toEqual([frontier(3, 2)]);
    const told = [
      merger.merge({ index: 1, count: 3 }, frontier(7)),
      merger.merge({ index: 0, count: 3 }, frontier(10)),
      merger.merge({ index: 2, count: 3 }, frontier(2)),
      merger.merge({ index: 2, count: 3 }, frontier(5)),
    ];
    expect(told).toEqual([undefined, undefined, undefined, frontier(5, 2)]);
  });

  it("prove nothing by origins that all read nothing of a source", () => {
    const merger = new OriginMerger();
    expect(merger.merge({ index: 0, count: 1 }, frontier(Number.POSITIVE_INFINITY))).toBeUndefined();
  });

  it("are none where a former subtask had heard nothing", () => {
    const merger = new OriginMerger();
    merger.restore([heard([10, 3], 1), new ByteReader(saved(new OriginMerger()))]);
    expect(merger.standing()).toEqual([]);
  });
});

function frontier(through: number, since = BEFORE_ALL_TIME): Control {
  return { type: "frontier", source: "shop", through, since };
}

/** What a subtask saved that had heard of the origins so far. */
function heard(through: readonly number[], since: number): ByteReader {
  const merger = new OriginMerger();
  for (const [index, time] of through.entries()) merger.merge({ index, count: through.length }, frontier(time, since));
  return new ByteReader(saved(merger));
}

function saved(merger: OriginMerger): Buffer {
  const out = new ByteWriter();
  merger.save(out);
  return Buffer.from(out.bytes());
}
