import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../base/time.ts";
import { Desk } from "../connectors/desk/desk.ts";
import type { RecordFault, SourceOutput, SourceReader, Suspension } from "../dataflow/source.ts";
import { DecisionFeed, Heeding } from "./decisions.ts";

const FAULT: RecordFault = {
  id: "t/0/1", source: "s", table: "t", topic: "t", partition: 0, offset: 1, code: "AVRO_CORRUPT", message: "",
  key: null, value: null,
}; // biome-ignore format: one look is enough
const SUSPENSION: Suspension = {
  id: "t/0/2", source: "s", table: "t", models: ["M"], cause: "truncate", message: "", time: 0,
}; // biome-ignore format: one look is enough

/** Hands out the fault and the suspension at every read. */
const reader: SourceReader = {
  source: "s",
  longestTransactionMs: 0,
  splits: [],
  formatPosition: () => "",
  read(split, _maxBytes, output) {
    output.fault(split, FAULT);
    output.suspend(split, SUSPENSION);
    return true;
  },
  position: () => 0,
  endOffset: () => 0,
  save: () => undefined,
  restore: () => undefined,
  close: () => undefined,
};

describe("what people decided", () => {
  let dir: string;
  let desk: Desk;
  let now = 0;
  let feed: DecisionFeed;
  let heeding: Heeding;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "countercheck-decisions-"));
    desk = new Desk(join(dir, "desk.db"), { create: true });
    desk.recordFaults([FAULT], 1);
    desk.recordSuspension(SUSPENSION, ["a", "b"], 1);
    feed = new DecisionFeed(desk, { ...systemClock, now: () => now });
    heeding = new Heeding();
  });
  afterEach(() => {
    desk.close();
    rmSync(dir, { recursive: true });
  });

  /** What is left of a read. */
  const read = (): string[] => {
    const seen: string[] = [];
    const output = {
      fault: (_: number, fault: RecordFault) => seen.push(fault.id),
      suspend: (_: number, suspension: Suspension) => seen.push(suspension.id),
    } as unknown as SourceOutput;
    heeding.heededBy(reader).read(0, 1, output);
    return seen;
  };
  /** Half a second later. */
  const later = () => {
    now += 500;
    return feed.take().flatMap((decided) => heeding.apply(structuredClone(decided)));
  };

  it("settles a record that was discarded, now and when it is met again", () => {
    expect(later()).toEqual([]);
    desk.decide(FAULT.id, "discarded", "why", 2);
    expect(later()).toEqual([{ type: "settled", fault: FAULT.id }]);
    expect(later()).toEqual([]);
    expect(read()).toEqual([SUSPENSION.id]);
  });

  it("settles it at once where not the reader but a row stage meets it again", () => {
    later();
    expect(heeding.isSettled(FAULT)).toBe(false);
    desk.decide(FAULT.id, "discarded", "why", 2);
    later();
    expect(heeding.isSettled(FAULT)).toBe(true);
    expect(heeding.takeMet()).toEqual([{ type: "settled", fault: FAULT.id }]);
    expect(heeding.takeMet()).toEqual([]);
  });

  it("lets a record that was replayed be met again", () => {
    desk.decide(FAULT.id, "replayed", "", 2);
    expect(later()).toEqual([]);
    expect(read()).toEqual([FAULT.id, SUSPENSION.id]);
  });

  it("ends a suspension when the last of its checks is resumed, never before", () => {
    desk.resume({ check: "a" }, "why", 2);
    expect(later()).toEqual([]);
    expect(read()).toEqual([FAULT.id, SUSPENSION.id]);
    desk.resume({ check: "b" }, "why", 3);
    expect(later()).toEqual([{ type: "resumed", suspension: SUSPENSION.id }]);
    expect(read()).toEqual([FAULT.id]);
  });

  it("ends one that is met behind the reader, as a snapshot that was begun anew is", () => {
    const again: Suspension = { ...SUSPENSION, id: "t/0/3/M", cause: "snapshot" };
    desk.recordSuspension(again, ["a"], 1);
    later();
    expect(heeding.isResumed(again.id)).toBe(false);
    desk.resume({ check: "a" }, "nothing was missed", 2);
    expect(later()).toEqual([{ type: "resumed", suspension: again.id }]);
    expect(heeding.isResumed(again.id)).toBe(true);
    expect(heeding.isResumed(SUSPENSION.id), "it has another check that waits").toBe(false);
  });

  it("is known to a run that goes on before it reads anything", () => {
    desk.decide(FAULT.id, "discarded", "why", 2);
    desk.resume({ id: SUSPENSION.id }, "why", 3);
    expect(new DecisionFeed(desk, { ...systemClock, now: () => 0 }).take()).toEqual([
      { type: "discarded", fault: FAULT.id },
      { type: "resumed", suspension: SUSPENSION.id },
      { type: "resumed", suspension: SUSPENSION.id },
    ]);
  });

  it("is asked for twice a second at most", () => {
    later();
    desk.decide(FAULT.id, "discarded", "why", 2);
    expect(feed.take()).toEqual([]);
    expect(later()).toHaveLength(1);
  });
});
