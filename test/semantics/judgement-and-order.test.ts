import { describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { milliseconds } from "../../base/time.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import {
  alertLines,
  captured,
  D,
  finalLines,
  H,
  Line,
  Payment,
  Refund,
  refunded,
  SKEW,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

const times = (driver: TestDriver) => driver.verdicts().map((verdict) => verdict.time);

describe("Judgement: a key is judged at points of event time", () => {
  it("newest change + skew", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: H }, captured(1, "1.00 EUR", H))
      .upsert(Line, 1, { at: 5 * H }, settled(1, "3.00 EUR", null, 5 * H))
      .end(9 * H);
    expect(times(driver)).toEqual([5 * H + SKEW]);
  });

  it("each deadline + skew", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: H }, captured(1, "1.00 EUR", H))
      .end(30 * H);
    expect(times(driver)).toEqual([25 * H + SKEW]);
  });

  it("skew defaults to 2 s, and a rule may name another", () => {
    const at = (rule: Parameters<typeof settlementJob>[0]) =>
      times(
        testJob(settlementJob(rule))
          .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
          .end(30 * H),
      );
    expect(at({})).toEqual([24 * H + 2_000]);
    expect(at({ skew: milliseconds(7) })).toEqual([24 * H + 7]);
    expect(at({ skew: milliseconds(0) })).toEqual([24 * H]);
  });

  it("a contribution is due at a point p when its deadline + skew ≤ p", () => {
    const almost = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Refund, 1, { at: 24 * H - 1 }, refunded(1, "0.10 EUR", 24 * H));
    expect(verdictLines(almost.advance(24 * H + SKEW - 1))).toEqual([]);
    expect(verdictLines(almost.advance(24 * H + SKEW))).toEqual(["v1 fail missing 0.90 EUR"]);
  });

  it("the verdict at p is computed from exactly the changes whose event time ≤ p; later ones, though already read, wait", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Line, 1, { at: 24 * H + SKEW + 1 }, settled(1, "1.00 EUR", null, 0))
      .end(40 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 1.00 EUR", "v2 pass EUR"]);
  });

  it("a change at exactly p counts at p", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Line, 1, { at: 24 * H + SKEW }, settled(1, "1.00 EUR", null, 0))
      .end(40 * H);
    expect([verdictLines(driver), finalLines(driver)]).toEqual([[], ["EUR pass"]]);
  });

  it("p = t + skew is skipped when another change of the key lies in (t, t + skew]", () => {
    const change = (second: number) =>
      testJob(settlementJob())
        .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
        .upsert(Line, 1, { at: H }, settled(1, "3.00 EUR", null, H))
        .upsert(Line, 1, { at: second }, settled(1, "1.00 EUR", null, H))
        .end(2 * H);
    expect(verdictLines(change(H + SKEW))).toEqual([]);
    expect(verdictLines(change(H + SKEW + 1))).toEqual(["v1 fail over-charge 2.00 EUR", "v2 pass EUR"]);
  });

  it("but not when a deadline + skew falls on it", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "5.00 EUR", 0))
      .upsert(Line, 1, { at: 24 * H }, settled(1, "7.00 EUR", null, 24 * H))
      .upsert(Line, 1, { at: 24 * H + SKEW }, settled(1, "6.00 EUR", null, 24 * H))
      .end(30 * H);
    expect(driver.verdicts().map(({ atRisk, time }) => [atRisk, time])).toEqual([["1.00", 24 * H + SKEW]]);
  });

  it("a deadline whose contribution was retracted before is no point", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "5.00 EUR", 0))
      .delete(Payment, 1, { at: 10 * H })
      .end(30 * H);
    expect([verdictLines(driver), finalLines(driver)]).toEqual([[], ["EUR pass"]]);
  });

  it("points are taken in order, and every emitted transition carries its point as its time", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Line, 1, { at: 26 * H }, settled(1, "2.00 EUR", null, 26 * H))
      .delete(Line, 1, { at: 28 * H })
      .end(90 * H);
    expect(driver.verdicts().map(({ status, class: cause, time }) => [cause ?? status, time])).toEqual([
      ["missing", 24 * H + SKEW],
      ["over-charge", 26 * H + SKEW],
      ["missing", 28 * H + SKEW],
    ]);
  });
});

describe("Order: a verdict depends only on the set of changes, never on how tables interleave", () => {
  /** A payment's life in three tables, as (table, change) in an order that the test draws. */
  function run(seed: number): unknown {
    const random = seededRandom(seed);
    const driver = testJob(settlementJob());
    const tables: ((d: TestDriver) => void)[][] = [
      [
        (d) => d.upsert(Payment, 1, { at: 0 }, captured(1, "100.00 EUR", 0)),
        (d) => d.upsert(Payment, 2, { at: 3 * H }, captured(1, "50.00 EUR", 3 * H)),
        (d) => d.upsert(Payment, 1, { at: 40 * H }, { ...captured(1, "100.00 EUR", 0), status: "voided" }),
      ],
      [(d) => d.upsert(Refund, 1, { at: 30 * H }, refunded(1, "20.00 EUR", 30 * H))],
      [
        (d) => d.upsert(Line, 1, { at: H }, settled(1, "97.00 EUR", "3.00 EUR", H)),
        (d) => d.upsert(Line, 2, { at: 28 * H }, settled(1, "50.00 EUR", null, 28 * H)),
        (d) => d.upsert(Line, 3, { at: 60 * H }, settled(1, "-20.00 EUR", null, 60 * H)),
        (d) => d.delete(Line, 1, { at: 70 * H }),
      ],
    ];
    while (tables.some((log) => log.length > 0)) {
      if (random.chance(0.3)) driver.advance(-1);
      else random.pick(tables.filter((log) => log.length > 0)).shift()!(driver);
    }
    driver.end(20 * D);
    return [
      verdictLines(driver),
      times(driver),
      alertLines(driver),
      finalLines(driver),
      driver.verdicts().map((v) => v.id),
    ];
  }

  it("the same in fifty orders", () => {
    const first = run(0);
    for (let seed = 1; seed < 50; seed++) expect(run(seed), `order ${seed}`).toEqual(first);
  });

  it("a primary-key change is two rows, retracted and added at one event time", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Line, 1, { at: H }, settled(1, "1.00 EUR", null, H))
      .delete(Line, 1, { at: 30 * H })
      .upsert(Line, 9, { at: 30 * H }, settled(1, "1.00 EUR", null, H))
      .end(50 * H);
    expect([verdictLines(driver), finalLines(driver)]).toEqual([[], ["EUR pass"]]);
  });

  it("a row that moves to another business key leaves the old one at the same time", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Payment, 2, { at: 0 }, captured(2, "1.00 EUR", 0))
      .upsert(Line, 1, { at: H }, settled(1, "1.00 EUR", null, H))
      .upsert(Line, 1, { at: 30 * H }, settled(2, "1.00 EUR", null, H))
      .end(50 * H);
    expect(verdictLines(driver, 1)).toEqual(["v1 fail missing 1.00 EUR"]);
    expect(verdictLines(driver, 2)).toEqual(["v1 fail missing 1.00 EUR", "v2 pass EUR"]);
  });

  it("a row that stops matching `where` is retracted", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .upsert(Payment, 1, { at: H }, { ...captured(1, "1.00 EUR", 0), status: "voided" })
      .end(50 * H);
    expect(finalLines(driver)).toEqual(["EUR pass"]);
  });
});

describe("Deadlines", () => {
  it("end of input never fires a check's deadline: what is due after the end marker's time stays pending", () => {
    const until = (end: number) =>
      testJob(settlementJob())
        .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
        .end(end);
    expect(finalLines(until(24 * H + SKEW - 1))).toEqual(["EUR pending"]);
    expect(finalLines(until(24 * H + SKEW))).toEqual(["EUR fail missing 1.00"]);
  });

  it("what no point has judged before the end is pending", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "1.00 EUR", 0))
      .end(1);
    expect(finalLines(driver)).toEqual(["EUR pending"]);
  });

  it("they count from the business time, which is used for deadlines only", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 10 * H }, captured(1, "1.00 EUR", 2 * H))
      .end(60 * H);
    expect(times(driver)).toEqual([26 * H + SKEW]);
  });

  it("without a business time they count from the event time", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 10 * H }, captured(1, "1.00 EUR", null))
      .end(60 * H);
    expect(times(driver)).toEqual([34 * H + SKEW]);
  });

  it("one that was over when its row came fails once the key is quiet", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: 90 * H }, captured(1, "1.00 EUR", 0))
      .end(95 * H);
    expect(times(driver)).toEqual([90 * H + SKEW]);
  });

  it("a leg may have its own", () => {
    const rows = testJob(settlementJob())
      .upsert(Payment, 1, { at: 0 }, captured(1, "3.00 EUR", 0))
      .upsert(Line, 1, { at: H }, settled(1, "3.00 EUR", null, H))
      .upsert(Refund, 1, { at: 2 * H }, refunded(1, "1.00 EUR", 2 * H))
      .end(9 * D);
    expect(times(rows)).toEqual([2 * H + 5 * D + SKEW]);
  });
});
