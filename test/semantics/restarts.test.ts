import { expect, it } from "vitest";
import type { Job } from "../../checks/job.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import { restarting } from "./restarting-job.ts";
import { captured, H, Line, Payment, SKEW, settled, settlementJob, verdictLines } from "./support.ts";

/** What is said of payments 1 to 3, where a job runs through and where it is restarted after every step. */
function bothWays(happens: (driver: TestDriver) => unknown): string[][][] {
  return [settlementJob(), restarting(settlementJob())].map((job: Job) => {
    const driver = testJob(job);
    for (const key of [1, 2, 3]) driver.upsert(Payment, key, { at: 0 }, captured(key, "10.00 EUR", 0));
    happens(driver);
    return [1, 2, 3].map((key) => verdictLines(driver, key));
  });
}

it("a restart keeps what a stale source hides until it moves", () => {
  const [through, restarted] = bothWays((driver) => {
    driver.status("ledger", "stale").advance(25 * H, "shop");
    driver.status("ledger", "active").upsert(Line, 1, { at: H }, settled(1, "10.00 EUR", null, H));
    driver.advance(26 * H);
  });
  expect(restarted).toEqual(through);
  const hidden = ["v1 unobservable EUR", "v2 pending EUR"];
  expect(restarted).toEqual([
    hidden,
    [...hidden, "v3 fail missing 10.00 EUR"],
    [...hidden, "v3 fail missing 10.00 EUR"],
  ]);
});

it("a source that moves hides nothing more, whether or not it was said yet that it is active", () => {
  const driver = testJob(settlementJob());
  driver.upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0));
  driver.status("ledger", "stale").advance(25 * H, "shop");
  driver.upsert(Line, 2, { at: H }, settled(2, "10.00 EUR", null, H)).status("ledger", "active");
  expect(verdictLines(driver, 1)).toEqual(["v1 unobservable EUR", "v2 pending EUR"]);
});

it("a restart keeps what a faulty record hides until it is settled", () => {
  const fault = { id: "lines/0/7", source: "ledger", table: "lines" };
  const [through, restarted] = bothWays((driver) => {
    driver.fault({ ...fault, fields: { Line: { paymentId: "2" } } });
    driver
      .advance(25 * H)
      .settle(fault.id)
      .advance(26 * H);
  });
  expect(restarted).toEqual(through);
  expect(restarted![1]).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
});

it("a restart keeps a suspension until it is resumed", () => {
  const cause = { id: "lines/0/7", source: "ledger", table: "lines", cause: "truncate", message: "emptied" } as const;
  const [through, restarted] = bothWays((driver) => {
    driver.suspend({ ...cause, models: ["Line"], time: H });
    driver
      .advance(25 * H)
      .resume(cause.id)
      .advance(26 * H);
  });
  expect(restarted).toEqual(through);
  expect(restarted![0]).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
});

it("a restart keeps how far keys were judged: a change behind it is judged at the next point", () => {
  const times = [settlementJob(), restarting(settlementJob())].map((job) => {
    const driver = testJob(job)
      .upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0))
      .advance(30 * H);
    driver.upsert(Line, 1, { at: 29 * H }, settled(1, "10.00 EUR", null, H)).advance(31 * H);
    return driver.verdicts().map(({ status, time }) => [status, time]);
  });
  expect(times[1]).toEqual(times[0]);
  expect(times[1]).toEqual([
    ["fail", 24 * H + SKEW],
    ["pass", 30 * H + 1 + SKEW],
  ]);
});
