import { describe, expect, it } from "vitest";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Split } from "../../dataflow/source.ts";
import { SourceFrontier } from "../../runtime/frontier.ts";
import { testJob } from "../../testing/index.ts";
import { captured, H, Line, Payment, Refund, refunded, SKEW, settled, settlementJob, verdictLines } from "./support.ts";

/** Two tables and the heartbeat table, whose readers stand where the test says. */
function source(longestTransactionMs = 0) {
  const split = (table: string, heartbeat = false): Split => ({ topic: table, partition: 0, table, heartbeat });
  const at = { positions: [0, 0, 0], ends: [0, 0, 0] };
  const frontier = new SourceFrontier(
    [split("a"), split("b"), split("beat", true)],
    longestTransactionMs,
    {
      position: (index) => at.positions[index]!,
      endOffset: (index) => at.ends[index]!,
    },
    () => 0,
  );
  return { at, frontier };
}

describe("Frontier: per source, the event time through which all is proven read", () => {
  it("is before all time until every partition is proven", () => {
    const { frontier } = source();
    expect(frontier.through()).toBe(BEFORE_ALL_TIME);
    frontier.progress(0, 100);
    expect(frontier.through()).toBe(BEFORE_ALL_TIME);
    frontier.progress(1, 50);
    expect(frontier.through()).toBe(49);
  });

  it("equality proves nothing: a change at T proves through T − 1", () => {
    const { frontier } = source();
    frontier.progress(0, 100);
    frontier.progress(1, 100);
    expect(frontier.through()).toBe(99);
  });

  it("is the least of its tables' partitions", () => {
    const { frontier } = source();
    frontier.progress(0, 1_000);
    frontier.progress(1, 300);
    expect(frontier.through()).toBe(299);
    expect([frontier.provenOf(0), frontier.provenOf(1)]).toEqual([999, 299]);
  });

  it("never goes back when a change carries an earlier time", () => {
    const { frontier } = source();
    for (const time of [100, 90]) for (const split of [0, 1]) frontier.progress(split, time);
    expect(frontier.through()).toBe(99);
  });

  it("minus longestTransaction: MariaDB's times are those of statements", () => {
    const { frontier } = source(10_000);
    for (const split of [0, 1]) frontier.progress(split, 50_000);
    expect(frontier.through()).toBe(39_999);
  });

  it("a quiet partition is proven by a heartbeat row later than T, once it has reached the end offset it had then", () => {
    const { at, frontier } = source();
    frontier.progress(0, 900);
    at.ends = [4, 7, 1];
    frontier.heartbeat(1_000);
    expect(frontier.through()).toBe(BEFORE_ALL_TIME);
    at.positions = [4, 6, 1];
    expect(frontier.through()).toBe(BEFORE_ALL_TIME);
    at.positions = [4, 7, 1];
    expect(frontier.through()).toBe(999);
  });

  it("a later heartbeat that meets the same end replaces the earlier", () => {
    const { at, frontier } = source();
    at.ends = [1, 1, 1];
    frontier.heartbeat(1_000);
    frontier.heartbeat(2_000);
    at.positions = [1, 1, 1];
    expect(frontier.through()).toBe(1_999);
  });

  it("a partition far behind is proven by the heartbeats that it has passed, one after another", () => {
    const { at, frontier } = source();
    for (const beat of [1, 2, 3]) {
      at.ends = [10 * beat, 0, beat];
      frontier.heartbeat(1_000 * beat);
    }
    at.positions = [20, 0, 3];
    expect(frontier.through()).toBe(1_999);
    at.positions = [30, 0, 3];
    expect(frontier.through()).toBe(2_999);
  });

  it("the heartbeat table itself holds no business and holds nothing up", () => {
    const { frontier } = source();
    for (const split of [0, 1]) frontier.progress(split, 10);
    expect(frontier.through()).toBe(9);
  });

  it("an end marker goes into every partition and proves through its time, longestTransaction or not", () => {
    const { frontier } = source(10_000);
    frontier.ended(0, 5_000);
    expect(frontier.through()).toBe(BEFORE_ALL_TIME);
    frontier.ended(1, 5_000);
    expect(frontier.through()).toBe(5_000);
  });

  it("the seed proves nothing; the source's history is known since the newest of it", () => {
    const { frontier } = source();
    expect(frontier.since).toBe(BEFORE_ALL_TIME);
    for (const time of [70, 90, 80]) frontier.seeded(0, time);
    expect([frontier.since, frontier.through()]).toEqual([90, BEFORE_ALL_TIME]);
  });

  it("without any data partition nothing is ever proven", () => {
    expect(new SourceFrontier([], 0, { position: () => 0, endOffset: () => 0 }, () => 0).through()).toBe(
      BEFORE_ALL_TIME,
    );
  });
});

describe("a point p is reached when every source's frontier ≥ p", () => {
  const missing = () =>
    testJob(settlementJob())
      .upsert(Payment, 1, { at: H }, captured(1, "1.00 EUR", H))
      .advance(40 * H, "shop");

  it("one source alone judges nothing", () => expect(verdictLines(missing())).toEqual([]));

  it("equality is enough for the frontier, and a millisecond less is not", () => {
    expect(verdictLines(missing().advance(25 * H + SKEW - 1, "ledger"))).toEqual([]);
    expect(verdictLines(missing().advance(25 * H + SKEW, "ledger"))).toEqual(["v1 fail missing 1.00 EUR"]);
  });

  it("dataflow idleness plays no part: a source that says nothing holds everything up", () => {
    expect(verdictLines(missing().upsert(Payment, 2, { at: 400 * H }, captured(2, "1.00 EUR", H)))).toEqual([]);
  });
});

describe("a change that arrives behind its source's frontier", () => {
  it("is judged at the next point, and raises one engine alert", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: H }, captured(1, "1.00 EUR", H))
      .upsert(Payment, 2, { at: H }, captured(2, "2.00 EUR", H))
      .advance(20 * H)
      .upsert(Line, 1, { at: 2 * H }, settled(1, "1.00 EUR", null, 2 * H))
      .upsert(Line, 2, { at: 3 * H }, settled(2, "5.00 EUR", null, 2 * H));
    expect(driver.engineAlerts.map((alert) => alert.code)).toEqual(["BEHIND_FRONTIER"]);
    driver.advance(20 * H + SKEW + 1);
    expect(verdictLines(driver)).toEqual(["v1 fail over-charge 3.00 EUR"]);
    expect(driver.verdicts()[0]!.time).toBe(20 * H + SKEW + 1);
    driver.end(40 * H);
    expect(driver.finals().map(({ key, status }) => [key, status])).toEqual([
      ["1", "pass"],
      ["2", "fail"],
    ]);
  });

  it("with longestTransaction, times of statements that go back within it are in time", () => {
    const driver = testJob(settlementJob(), { shop: { longestTransactionMs: 10_000 } })
      .upsert(Refund, 1, { at: 100_000 }, refunded(9, "1.00 EUR", 0))
      .upsert(Payment, 1, { at: 100_000 }, captured(1, "1.00 EUR", 0))
      .upsert(Payment, 2, { at: 90_000 }, captured(2, "1.00 EUR", 0));
    expect(driver.engineAlerts).toEqual([]);
    driver.upsert(Payment, 3, { at: 89_999 }, captured(3, "1.00 EUR", 0));
    expect(driver.engineAlerts.map((alert) => alert.code)).toEqual(["BEHIND_FRONTIER"]);
  });
});
