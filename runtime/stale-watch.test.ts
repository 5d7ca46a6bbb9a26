import { describe, expect, it } from "vitest";
import { StaleWatch } from "./stale-watch.ts";

function watch(staleAfterMs: number | undefined) {
  const clock = { time: 0, now: () => clock.time };
  const stale = new StaleWatch(clock, staleAfterMs);
  return (time: number, frontier: number, caughtUp = true, source = "shop") => {
    clock.time = time;
    return stale.look(source, frontier, caughtUp);
  };
}

describe("a source goes stale", () => {
  it("when its reader was polling and its frontier did not move for staleAfter: said once", () => {
    const look = watch(1_000);
    expect([look(0, 5), look(999, 5), look(1_000, 5), look(5_000, 5)]).toEqual([
      undefined,
      undefined,
      "stale",
      undefined,
    ]);
  });

  it("and is active again when its frontier moves: said once", () => {
    const look = watch(1_000);
    look(0, 5);
    look(1_000, 5);
    expect([look(2_000, 6), look(2_001, 7), look(3_001, 7)]).toEqual(["active", undefined, "stale"]);
  });

  it("not while it works through a backlog: the time starts anew", () => {
    const look = watch(1_000);
    look(0, 5);
    expect([look(5_000, 5, false), look(5_999, 5), look(6_000, 5)]).toEqual([undefined, undefined, "stale"]);
  });

  it("by itself: others are not touched", () => {
    const look = watch(1_000);
    look(0, 5, true, "shop");
    look(500, 5, true, "ledger");
    expect([look(1_000, 5, true, "shop"), look(1_000, 5, true, "ledger")]).toEqual(["stale", undefined]);
  });

  it("never without staleAfter, as for a bounded file log", () => {
    const look = watch(undefined);
    look(0, 5);
    expect(look(1e12, 5)).toBe(undefined);
  });

  it("also when nothing was ever proven", () => {
    const look = watch(1_000);
    look(0, Number.NEGATIVE_INFINITY);
    expect(look(1_000, Number.NEGATIVE_INFINITY)).toBe("stale");
  });
});
