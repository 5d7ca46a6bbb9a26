import { describe, expect, it } from "vitest";
import { testJob } from "../../testing/index.ts";
import {
  alertLines,
  captured,
  D,
  finalLines,
  H,
  Line,
  Payment,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

/** A settled payment, and a second line of it so many days later; the frontier moves in steps, or at once. */
function lateLine(days: number, stepDays: number) {
  const driver = testJob(settlementJob())
    .upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0))
    .upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H));
  for (let day = stepDays; day < days; day += stepDays) driver.advance(day * D);
  driver.upsert(Line, 2, { at: days * D }, settled(1, "10.00 EUR", null, days * D)).end((days + 30) * D);
  const evidence = driver.verdicts().map(({ time, contributions, digest }) => [time, contributions, digest]);
  return [verdictLines(driver), alertLines(driver), finalLines(driver), evidence];
}

describe("Retention", () => {
  it("a counterpart that comes while its key is remembered is judged exactly", () => {
    const over = [["v1 fail over-charge 10.00 EUR"], ["opened over-charge v1"]];
    expect(lateLine(170, 1).slice(0, 2)).toEqual(over);
  });

  it.each([40, 100, 179, 200, 250, 400, 1_000])(
    "is a matter of event time: after %i days it says the same, however far the frontier moves at once",
    (days) => {
      expect(lateLine(days, 10_000)).toEqual(lateLine(days, 1));
    },
  );
});
