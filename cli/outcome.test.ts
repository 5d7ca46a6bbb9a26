import { expect, it } from "vitest";
import { exitCodeOf, type Outcome, reasonsOf } from "./outcome.ts";

const WELL: Outcome = { discrepancies: false, unobservable: 0, suspendedChecks: [], openDeadLetters: 0 };

it("a run ends with 0 only where all is well", () => {
  expect(exitCodeOf(WELL)).toBe(0);
  expect(reasonsOf(WELL)).toEqual([]);
});

it.each<[Partial<Outcome>, string]>([
  [{ discrepancies: true }, "there are money discrepancies"],
  [{ unobservable: 1_200 }, "1,200 verdicts could not be judged (unobservable)"],
  [{ suspendedChecks: ["a", "b"] }, "checks are suspended (a, b)"],
  [{ openDeadLetters: 2 }, "2 dead letters of this run are to be decided"],
])("ends with 3 and says why: %j", (what, says) => {
  expect(exitCodeOf({ ...WELL, ...what })).toBe(3);
  expect(reasonsOf({ ...WELL, ...what })).toEqual([says]);
});
