import { describe, expect, it } from "vitest";
import { idOf } from "../../base/hash.ts";
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

const owed = (rule: Parameters<typeof settlementJob>[0] = {}) =>
  testJob(settlementJob(rule)).upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0));
const line = (driver: TestDriver, row: number, at: number, net: string) =>
  driver.upsert(Line, row, { at }, settled(1, net, null, at));

describe("Verdict: a source is stale", () => {
  it("keys with a point that the other sources' frontiers have reached, but the stale one's has not, become unobservable", () => {
    const driver = owed()
      .advance(40 * H, "shop")
      .advance(20 * H, "ledger");
    expect(verdictLines(driver.status("ledger", "stale"))).toEqual(["v1 unobservable EUR"]);
    expect(driver.verdicts()[0]).toMatchObject({ time: 24 * H + SKEW, reason: "source ledger is stale" });
  });

  it("also those whose point is reached while it is stale", () => {
    const driver = owed()
      .advance(20 * H)
      .status("ledger", "stale");
    expect(verdictLines(driver)).toEqual([]);
    expect(verdictLines(driver.advance(40 * H, "shop"))).toEqual(["v1 unobservable EUR"]);
  });

  it("until it moves: then they are judged", () => {
    const driver = owed()
      .advance(40 * H, "shop")
      .advance(20 * H, "ledger")
      .status("ledger", "stale");
    driver.advance(40 * H, "ledger");
    expect(verdictLines(driver)).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
    expect(verdictLines(driver.status("ledger", "active").end(50 * H))).toHaveLength(2);
  });

  it("out of unobservable to whatever follows: a pass", () => {
    const driver = owed()
      .advance(40 * H, "shop")
      .advance(20 * H, "ledger")
      .status("ledger", "stale");
    line(driver, 1, 21 * H, "10.00 EUR")
      .status("ledger", "active")
      .advance(40 * H);
    expect(verdictLines(driver)).toEqual(["v1 unobservable EUR", "v2 pass EUR"]);
    expect(driver.alerts()).toEqual([]);
  });

  it("staleness never yields pass or fail", () => {
    const driver = owed()
      .advance(400 * H, "shop")
      .status("ledger", "stale")
      .status("shop", "stale");
    expect(driver.verdicts().map((verdict) => verdict.status)).toEqual(["unobservable"]);
  });

  it("a key whose point the other sources have not reached either is not touched", () => {
    const driver = owed()
      .advance(20 * H)
      .status("ledger", "stale")
      .advance(23 * H, "shop");
    expect(verdictLines(driver)).toEqual([]);
  });

  it("when every source is stale, nothing is said of keys: the engine alerts alone", () => {
    const driver = owed()
      .advance(20 * H)
      .status("ledger", "stale")
      .status("shop", "stale")
      .advance(20 * H);
    expect(verdictLines(driver)).toEqual([]);
  });
});

describe("Emitted", () => {
  it("every transition into fail, within fail, and out of it to whatever follows", () => {
    const driver = owed();
    line(driver, 1, 30 * H, "4.00 EUR");
    line(driver, 2, 31 * H, "6.00 EUR");
    driver.upsert(Payment, 2, { at: 40 * H }, captured(1, "5.00 EUR", 40 * H)).end(50 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR", "v2 fail under-charge 6.00 EUR", "v3 pass EUR"]);
    expect(finalLines(driver)).toEqual(["EUR pending"]);
  });

  it("out of fail to pending too", () => {
    const driver = line(owed(), 1, H, "11.00 EUR")
      .delete(Line, 1, { at: 2 * H })
      .end(3 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail over-charge 1.00 EUR", "v2 pending EUR"]);
  });

  it("pass and pending else are counted per check and minute", () => {
    const driver = owed().upsert(Payment, 9, { at: 60_000 }, captured(9, "0.00 EUR", 0));
    line(driver, 1, 61_000, "10.00 EUR").end(H);
    expect(verdictLines(driver)).toEqual([]);
    expect(driver.counts()).toEqual([
      { check: "settlement", minute: 0, pass: 0, pending: 1 },
      { check: "settlement", minute: 60_000, pass: 2, pending: 0 },
    ]);
  });

  it("a minute is brought out once the frontier is past it", () => {
    const driver = owed().advance(59_999);
    expect(driver.counts()).toEqual([]);
    expect(driver.advance(60_000).counts()).toHaveLength(1);
  });

  it("`emit: all` is an option", () => {
    const driver = line(owed({ emit: "all" }), 1, H, "10.00 EUR").end(2 * H);
    expect(verdictLines(driver)).toEqual(["v1 pending EUR", "v2 pass EUR"]);
  });

  it("one verdict per currency: the other's transition emits nothing of this one", () => {
    const driver = owed()
      .upsert(Payment, 2, { at: H }, captured(1, "7.00 USD", H))
      .end(60 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR", "v1 fail missing 7.00 USD"]);
  });
});

describe("Ids", () => {
  const driver = owed();
  line(driver, 1, 30 * H, "10.00 EUR");
  line(driver, 2, 40 * H, "1.00 EUR").end(60 * H);

  it("verdict id = hash(check uid, key, currency, period, version)", () => {
    expect(driver.verdicts().map((verdict) => verdict.id)).toEqual(
      [1, 2, 3].map((version) => idOf("settlement", "1", "EUR", "", version)),
    );
  });

  it("version = 1, 2, 3 … of emitted verdicts, so that a gap or a repeat shows", () => {
    expect(driver.verdicts().map((verdict) => verdict.version)).toEqual([1, 2, 3]);
  });

  it("alert id = hash(check uid, key, class, currency, period): the same alert through its life", () => {
    expect(driver.alerts().map((alert) => alert.id)).toEqual(
      ["missing", "missing", "over-charge"].map((name) => idOf("settlement", "1", name, "EUR", "")),
    );
  });

  it("never the rule's version", () => {
    const other = line(owed({ version: 9 }), 1, 30 * H, "10.00 EUR").end(60 * H);
    expect(other.verdicts()[0]!.id).toBe(driver.verdicts()[0]!.id);
  });

  it("period is empty", () => {
    expect([...driver.verdicts(), ...driver.alerts()].every((record) => record.period === "")).toBe(true);
  });

  it("parts of an id do not run into one another", () => {
    expect(idOf("a", "b1", 2)).not.toBe(idOf("a", "b", 12));
  });
});

describe("a row without a business key", () => {
  it("takes part in no verdict, and a person is told once", () => {
    const driver = owed().upsert(Line, 9, { at: H }, { net: "10.00 EUR" });
    driver.upsert(Line, 10, { at: 2 * H }, { net: "10.00 EUR" }).end(60 * H);
    expect(verdictLines(driver)).toEqual(["v1 fail missing 10.00 EUR"]);
    expect(driver.engineAlerts.map((alert) => alert.code)).toEqual(["UNKEYED"]);
  });
});

describe("Life of an alert", () => {
  it("a late counterpart resolves it and records the lateness", () => {
    const driver = line(owed(), 1, 30 * H, "10.00 EUR").end(60 * H);
    expect(alertLines(driver)).toEqual(["opened missing v1", "resolved missing v2"]);
    expect(driver.alerts()[0]).toMatchObject({ atRisk: "10.00", dueAt: 24 * H, lateByMs: null, time: 24 * H + SKEW });
    expect(driver.alerts()[1]).toMatchObject({ atRisk: "0", dueAt: 24 * H, lateByMs: 6 * H, time: 30 * H + SKEW });
  });

  it("it reopens when broken again", () => {
    const driver = line(owed(), 1, 30 * H, "10.00 EUR")
      .delete(Line, 1, { at: 40 * H })
      .end(60 * H);
    expect(alertLines(driver)).toEqual(["opened missing v1", "resolved missing v2", "reopened missing v3"]);
  });

  it("changed evidence updates it", () => {
    const driver = owed()
      .upsert(Payment, 2, { at: H }, captured(1, "5.00 EUR", H))
      .end(60 * H);
    expect(alertLines(driver)).toEqual(["opened missing v1", "updated missing v2"]);
    expect(driver.alerts().map((alert) => alert.atRisk)).toEqual(["10.00", "15.00"]);
  });

  it("an identical repeat only counts", () => {
    const driver = owed()
      .advance(30 * H)
      .delete(Payment, 1, { at: 31 * H })
      .upsert(Payment, 2, { at: 31 * H }, captured(1, "10.00 EUR", 0))
      .end(60 * H);
    expect([alertLines(driver), verdictLines(driver)]).toEqual([["opened missing v1"], ["v1 fail missing 10.00 EUR"]]);
  });

  it("the next step tells how often it repeated", () => {
    const replaced = owed()
      .advance(30 * H)
      .delete(Payment, 1, { at: 31 * H })
      .upsert(Payment, 2, { at: 31 * H }, captured(1, "10.00 EUR", 0));
    const driver = line(replaced, 1, 40 * H, "10.00 EUR").end(60 * H);
    expect(driver.alerts().map((alert) => [alert.action, alert.repeats])).toEqual([
      ["opened", 0],
      ["resolved", 1],
    ]);
  });

  it("another class is another alert: the one resolves, the other opens", () => {
    const driver = line(owed(), 1, 30 * H, "12.00 EUR").end(60 * H);
    expect(alertLines(driver)).toEqual(["opened missing v1", "resolved missing v2", "opened over-charge v2"]);
  });

  it("one cause, one alert: a currency mismatch opens no missing and no unknown", () => {
    const driver = line(owed(), 1, H, "11.00 USD").end(90 * H);
    expect(alertLines(driver)).toEqual(["opened currency-mismatch v1"]);
  });

  it("a claw-back days after its refund, in time, never opens one", () => {
    const driver = line(owed(), 1, H, "10.00 EUR").upsert(Refund, 1, { at: 2 * D }, refunded(1, "4.00 EUR", 2 * D));
    expect(alertLines(line(driver, 2, 6 * D, "-4.00 EUR").end(20 * D))).toEqual([]);
  });

  it("a verdict that cannot be observed leaves it as it is", () => {
    const driver = owed()
      .advance(30 * H)
      .fault({ id: "lines/0/3", source: "ledger", table: "lines" });
    expect([verdictLines(driver), alertLines(driver)]).toEqual([
      ["v1 fail missing 10.00 EUR", "v2 unobservable EUR"],
      ["opened missing v1"],
    ]);
  });
});

describe("Evidence", () => {
  const driver = testJob(settlementJob())
    .upsert(Payment, 5, { at: H, position: [3, 120, 1] }, captured("P-1", "10.00 EUR", 0))
    .seed(Refund, 6, { at: 2 * H, position: [3, 100, 0] }, refunded("P-1", "1.00 EUR", 0))
    .upsert(Line, "L-1", { at: 2 * H, position: [0, 77, 0] }, settled("P-1", "7.00 EUR", "0.50 EUR", H))
    .end(30 * H);
  const verdict = driver.verdicts()[0]!;

  it("contributions: positions and model fields", () => {
    expect(verdict.contributions).toEqual([
      {
        leg: "captured",
        source: "shop",
        table: "payments",
        row: "5",
        position: "3/120/1",
        time: H,
        dueAt: 24 * H,
        amount: "10.00 EUR",
        fields: { paymentId: "P-1", status: "captured", amount: "10.00 EUR", capturedAt: "1970-01-01T00:00:00.000Z" },
      },
      expect.objectContaining({ leg: "refunded", row: "6", position: "3/100/0", time: null, amount: "-1.00 EUR" }),
      expect.objectContaining({ leg: "settled", row: "'L-1", amount: "7.00 EUR" }),
      expect.objectContaining({ leg: "fees", row: "'L-1", amount: "0.50 EUR" }),
    ]);
  });

  it("the values compared and the difference", () => {
    expect(verdict).toMatchObject({ lower: "9.00", upper: "10.00", actual: "7.50", atRisk: "1.50" });
    expect(verdict.legs).toEqual([
      { leg: "captured", side: "expect", total: "10.00" },
      { leg: "refunded", side: "expect", total: "-1.00" },
      { leg: "reversed", side: "expect", total: "0.00" },
      { leg: "settled", side: "actual", total: "7.00" },
      { leg: "fees", side: "actual", total: "0.50" },
    ]);
  });

  it("the rule's expression, version and hash", () => {
    expect(verdict.rule).toMatchObject({ expression: "captured - refunded - reversed = settled + fees", version: 1 });
    const hash = (rule: Parameters<typeof settlementJob>[0]) =>
      owed(rule)
        .end(30 * H)
        .verdicts()[0]!.rule.hash;
    expect(hash({})).toBe(verdict.rule.hash);
    expect(hash({ tolerance: { absolute: "0.01" } })).not.toBe(verdict.rule.hash);
  });

  it("at most 1,000 a key; beyond that exact sums and a digest", () => {
    const many = (last: string) => {
      const rows = testJob(settlementJob());
      for (let row = 0; row < 1_001; row++) rows.upsert(Payment, row, { at: 0 }, captured(1, "1.00 EUR", 0));
      return rows
        .upsert(Payment, 1_001, { at: 0 }, captured(1, last, 0))
        .end(30 * H)
        .verdicts()[0]!;
    };
    const shown = many("1.00 EUR");
    expect([shown.contributions.length, shown.omitted, shown.atRisk]).toEqual([1_000, 2, "1002.00"]);
    expect(many("1.00 EUR").digest).toBe(shown.digest);
    expect(many("1.01 EUR").digest).not.toBe(shown.digest);
  });
});
