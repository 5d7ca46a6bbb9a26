import { describe, expect, it } from "vitest";
import { formatDecimal } from "../../../base/money.ts";
import { seededRandom } from "../../../base/random.ts";
import refunds from "../../../jobs/refunds/job.ts";
import {
  Charge,
  Purchase as PurchaseModel,
  RefundBooking,
  RefundRequest,
  RefundResult,
} from "../../../jobs/refunds/models.ts";
import { type TestDriver, testJob } from "../../../testing/index.ts";
import { digitsOf } from "../../prices.ts";
import type { PlannedFault } from "../../refunds/fault-plan.ts";
import { faults } from "../../refunds/faults.ts";
import { lookAlikes } from "../../refunds/look-alikes.ts";
import { type PlannedChange, Purchase } from "../../refunds/purchase.ts";
import { refundTerms } from "../../refunds/terms.ts";
import { Timeline } from "./timeline.ts";

const START = Date.UTC(2026, 2, 2);
const SEEDS = [1, 2, 3, 4, 5];

describe("a plan of days that is played in seconds", () => {
  const named = Object.entries(faults).flatMap(([name, plans]) =>
    plans.map((plan, i) => ({ name: `${name} ${i}`, plan })),
  );

  it.each(named)("breaks what it breaks, at its point: $name", ({ plan }) => {
    for (const seed of SEEDS) {
      const { driver, purchase, fault, timeline } = play(seed, plan);
      const said = driver.verdicts().map(({ check, key, currency, status, class: cause, atRisk, time }) => {
        return [check, key, currency, status, cause, atRisk, time];
      });
      const { check, key, currency, class: cause } = fault!;
      const atRisk = formatDecimal(BigInt(fault!.atRisk), digitsOf(currency));
      const point = timeline.at(momentOf(purchase.changes, fault!)) + refundTerms.skew;
      const fails = [check, key, currency, "fail", cause, atRisk, point];
      const [first, ...rest] = said;
      expect(first, `seed ${seed}`).toEqual(fails);
      expect(
        rest.map(([, , , status]) => status),
        `seed ${seed}`,
      ).toEqual(fault!.resolvedAt === undefined ? [] : ["pass"]);
    }
  });

  it.each(Object.entries(lookAlikes))("keeps silent where nothing is wrong: %s", (_, { plan }) => {
    for (const seed of SEEDS) {
      const { driver } = play(seed, plan);
      expect(driver.verdicts(), `seed ${seed}`).toEqual([]);
    }
  });

  it("takes less than a minute, statements that count more than the skew apart", () => {
    for (const { plan } of named) {
      const { timeline, purchase } = play(1, plan);
      expect(timeline.end - START).toBeLessThan(60_000);
      const counted = purchase.changes.filter(({ set }) => set !== null).map(({ at }) => timeline.at(at));
      const sorted = counted.sort((a, b) => a - b);
      for (const [i, at] of sorted.entries()) if (i > 0) expect(at - sorted[i - 1]!).toBeGreaterThan(3000);
    }
  });
});

function play(seed: number, plan: (purchase: Purchase) => unknown) {
  // Plans are made for any time; it is played at another.
  const purchase = new Purchase(seededRandom(seed), seed, START - 777_000_000);
  const fault = plan(purchase) as PlannedFault | undefined;
  const timeline = new Timeline(purchase.changes, fault, purchase.arrival, START);
  const driver = testJob(refunds);
  const rows = new Map<object, Record<string, unknown>>();
  for (const change of purchase.changes.toSorted((left, right) => left.at - right.at)) {
    const row = { ...(rows.get(change.row) ?? change.row), ...change.set, ...timeline.times(change) };
    rows.set(change.row, row);
    write(driver, change, row, timeline.at(change.at));
  }
  driver.end(START + 120_000);
  return { driver, purchase, fault, timeline };
}

function write(driver: TestDriver, { table }: PlannedChange, row: Record<string, unknown>, at: number): void {
  const money = (minor: unknown) =>
    `${formatDecimal(BigInt(minor as number), digitsOf(row.currency as string))} ${row.currency}`;
  const text = (name: string) => row[name] as string;
  const time = (name: string) => row[name] as number | null;
  switch (table) {
    case "purchases":
      driver.upsert(
        PurchaseModel,
        text("purchase_no"),
        { at },
        { purchaseId: text("purchase_no"), due: money(row.due_amount) },
      );
      return;
    case "charges": {
      const status = (["created", "captured", "failed", "reversed"] as const)[row.status as number]!;
      const own = { chargeId: text("charge_no"), purchaseId: text("purchase_no"), createdAt: time("gmt_create") };
      driver.upsert(Charge, text("charge_no"), { at }, { ...own, status, amount: money(row.amount) });
      return;
    }
    case "charge_refunds": {
      const status = (["requested", "in-flight", "succeeded", "failed", "reversed"] as const)[row.status as number]!;
      const shared = { status, amount: money(row.amount) };
      const request = {
        chargeId: text("charge_no"),
        requestKey: text("request_no"),
        reason: text("reason"),
        channelReference: text("channel_ref"),
        channelId: text("channel_no"),
        requestedAt: time("gmt_create"),
      };
      driver.upsert(RefundRequest, text("refund_no"), { at }, { ...shared, ...request });
      const result = { refundId: text("refund_no"), finishedAt: time("gmt_finish") };
      driver.upsert(RefundResult, text("refund_no"), { at }, { ...shared, ...result });
      return;
    }
    case "refund_bookings": {
      const own = { refundId: text("refund_no"), amount: money(row.amount), bookedAt: time("booked_at") };
      driver.upsert(RefundBooking, at, { at }, own);
    }
  }
}

/** The plan's time at which a fault breaks: of a statement, or a deadline. */
function momentOf(changes: readonly PlannedChange[], { dueAt }: PlannedFault): number {
  const broken = changes.find(({ at, table }) => {
    return (table === "refund_bookings" ? at : at - (at % 1000)) + refundTerms.skew === dueAt;
  });
  return broken?.at ?? dueAt - refundTerms.skew;
}
