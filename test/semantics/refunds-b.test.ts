import { join } from "node:path";
import { describe, expect, it } from "vitest";
import refunds from "../../jobs/refunds/job.ts";
import { RefundResult } from "../../jobs/refunds/models.ts";
import { runGolden } from "../support/golden-job.ts";
import { Desk } from "./refunds-support.ts";
import { restarting } from "./restarting-job.ts";
import { D, H, SKEW } from "./support.ts";

const BOUND = "refunds-within-captured";
const KEYS = "duplicate-refunds";
const ALIKE = "suspected-duplicate-refunds";
const PAID = "duplicate-payments";
const BOOKED = "refunds-booked";

/** A desk where 100 EUR were captured. */
const paid = () => new Desk().owe("100.00 EUR").charge("C", "100.00 EUR", 0);

describe("Σ (succeeded + in flight) ≤ captured, same currency", () => {
  it("to the last minor unit is right", () => {
    const desk = paid()
      .refund("R1", { amount: "60.00 EUR", status: "succeeded", at: H })
      .refund("R2", { amount: "40.00 EUR", status: "in-flight", at: 2 * H });
    expect(desk.failures(BOUND, 300 * H)).toEqual([]);
  });

  it("one minor unit more is not, and is told as soon as it is in flight", () => {
    const desk = paid()
      .refund("R1", { amount: "60.00 EUR", status: "succeeded", at: H })
      .refund("R2", { amount: "40.01 EUR", status: "requested", at: 2 * H })
      .refund("R2", { amount: "40.01 EUR", status: "in-flight", at: 3 * H, askedAt: 2 * H })
      .refund("R2", { amount: "40.01 EUR", status: "succeeded", at: 4 * H, askedAt: 2 * H });
    expect(desk.failures(BOUND, 300 * H)).toEqual(["over-refund 0.01 EUR"]);
    expect(desk.times(BOUND)).toEqual([3 * H + SKEW]);
  });

  it("what is only requested does not count", () => {
    const desk = paid().refund("R1", { amount: "100.01 EUR", status: "requested", at: H });
    expect(desk.failures(BOUND, 300 * H)).toEqual([]);
  });

  it("another currency gives nothing: all of it is too much", () => {
    const desk = paid().refund("R1", { amount: "5.00 USD", status: "succeeded", at: H });
    expect(desk.failures(BOUND, 300 * H)).toEqual(["over-refund 5.00 USD"]);
  });

  it("a charge that is reversed takes the room of its refunds with it", () => {
    const desk = paid()
      .charge("C2", "100.00 EUR", 0)
      .refund("R1", { charge: "C2", amount: "30.00 EUR", status: "succeeded", at: H })
      .charge("C2", "100.00 EUR", 2 * H, "reversed");
    expect(desk.failures(BOUND, 300 * H)).toEqual(["refund-of-unknown-payment 30.00 EUR"]);
  });
});

describe("a failed or reversed refund gives its part back", () => {
  it.each(["failed", "reversed"] as const)("%s: what fails passes again", (status) => {
    const desk = paid()
      .refund("R1", { amount: "60.00 EUR", status: "succeeded", at: H })
      .refund("R2", { amount: "60.00 EUR", status: "in-flight", at: 2 * H })
      .refund("R2", { amount: "60.00 EUR", status, at: 3 * H, askedAt: 2 * H });
    expect(desk.failures(BOUND, 300 * H)).toEqual([]);
    expect(desk.said(BOUND)).toEqual(["fail over-refund 20.00 EUR", "pass EUR"]);
    const alerts = desk.driver.alerts().filter((alert) => alert.check === BOUND);
    expect(alerts.map(({ action, class: cause }) => `${action} ${cause}`)).toEqual([
      "opened over-refund",
      "resolved over-refund",
    ]);
  });

  it("a failed refund then a full one", () => {
    const desk = paid()
      .refund("R1", { amount: "60.00 EUR", status: "failed", at: H })
      .refund("R2", { amount: "100.00 EUR", status: "succeeded", at: 2 * H });
    desk.driver.end(300 * H);
    expect(desk.said(BOUND)).toEqual([]);
  });
});

describe("Two equal partial refunds are legal", () => {
  it("with request keys and channel references of their own, minutes apart", () => {
    const desk = paid()
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: H })
      .refund("R2", { amount: "20.00 EUR", status: "succeeded", at: H + 60_000 })
      .book(1, "R1", "20.00 EUR", 2 * H)
      .book(2, "R2", "20.00 EUR", 2 * H);
    desk.driver.end(300 * H);
    expect(desk.driver.verdicts()).toEqual([]);
  });
});

describe("Duplicate refund: the same request key", () => {
  const twice = (second: "in-flight" | "succeeded" | "failed", amount = "20.00 EUR") =>
    paid()
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: H, requestKey: "K" })
      .refund("R2", { amount, status: second, at: 3 * D, requestKey: "K" });

  it("the later one is at risk, however much later it is", () => {
    const desk = twice("in-flight");
    expect(desk.failures(KEYS, 300 * H)).toEqual(["duplicate-refund 20.00 EUR"]);
    expect(desk.times(KEYS)).toEqual([3 * D + SKEW]);
    expect(desk.driver.verdicts()[0]).toMatchObject({ key: "'K", note: "R2 after R1", period: "" });
  });

  it("of another amount, too", () => {
    expect(twice("succeeded", "20.01 EUR").failures(KEYS, 300 * H)).toEqual(["duplicate-refund 20.01 EUR"]);
  });

  it("in another currency: the surplus one's", () => {
    expect(twice("succeeded", "5.00 USD").failures(KEYS, 300 * H)).toEqual(["duplicate-refund 5.00 USD"]);
  });

  it("not where one failed", () => expect(twice("failed").failures(KEYS, 300 * H)).toEqual([]));

  it("a refund that comes back gives its key back", () => {
    const desk = twice("succeeded").refund("R1", {
      amount: "20.00 EUR",
      status: "reversed",
      at: 4 * D,
      askedAt: H,
      requestKey: "K",
    });
    expect(desk.failures(KEYS, 300 * H)).toEqual([]);
    expect(desk.said(KEYS)).toEqual(["fail duplicate-refund 20.00 EUR", "pass EUR"]);
  });

  it("three with one key: two of them are surplus", () => {
    const desk = twice("succeeded").refund("R3", {
      amount: "7.00 EUR",
      status: "succeeded",
      at: 4 * D,
      requestKey: "K",
    });
    expect(desk.failures(KEYS, 300 * H)).toEqual(["duplicate-refund 27.00 EUR"]);
  });
});

describe("suspected: the same (payment, amount, reason, channel reference) inside a window, confirmed by channel ids", () => {
  const first = { amount: "20.00 EUR", status: "succeeded", at: H, channelReference: "same" } as const;
  const again = { ...first, at: 5 * H } as const;
  const alike = (second: object, at = 300 * H) =>
    paid()
      .refund("R1", first)
      .refund("R2", { ...again, ...second })
      .failures(ALIKE, at);

  it("alike in all of them", () => expect(alike({})).toEqual(["suspected-duplicate 20.00 EUR"]));

  it.each([
    ["another amount", { amount: "20.01 EUR" }],
    ["another currency", { amount: "20.00 USD" }],
    ["another reason", { reason: "damaged" }],
    ["another channel reference", { channelReference: "another" }],
    ["another payment", { charge: "C2" }],
    ["a failure", { status: "failed" }],
    ["the same request, which is a duplicate refund", { requestKey: "key of R1" }],
    ["one payout of the channel, told twice", { channelId: "id of R1" }],
  ])("not with %s", (_, second) => expect(alike(second)).toEqual([]));

  it.each([
    ["just inside the window", 0, ["suspected-duplicate 20.00 EUR"]],
    ["just outside of it", 1, []],
  ])("%s", (_, by, says) => expect(alike({ at: H + D + by })).toEqual(says));

  it("the window is told by when they were asked for, not by when they were done", () => {
    expect(alike({ at: H + 2 * D, askedAt: H + D })).toEqual(["suspected-duplicate 20.00 EUR"]);
  });

  it("a cluster is a run in which each is within the window of the one before; its period is its first row's time", () => {
    const desk = paid()
      .refund("R1", first)
      .refund("R2", { ...first, at: H + D })
      .refund("R3", { ...first, at: H + 2 * D })
      .refund("R4", { ...first, at: 5 * D });
    expect(desk.failures(ALIKE, 300 * H)).toEqual(["suspected-duplicate 40.00 EUR"]);
    const finals = desk.driver.finals().filter((final) => final.check === ALIKE);
    expect(finals.map(({ period, status }) => [Date.parse(period), status])).toEqual([
      [H, "fail"],
      [5 * D, "pass"],
    ]);
  });

  it("pending until the channel has given both an id of its own", () => {
    const desk = paid()
      .refund("R1", first)
      .refund("R2", { ...again, status: "in-flight" });
    desk.driver.advance(10 * H);
    expect(desk.said(ALIKE)).toEqual([]);
    desk.refund("R2", { ...again, at: 11 * H, askedAt: 5 * H });
    expect(desk.failures(ALIKE, 300 * H)).toEqual(["suspected-duplicate 20.00 EUR"]);
    expect(desk.times(ALIKE)).toEqual([11 * H + SKEW]);
  });
});

describe("Duplicate payment: two captured payments of one intent whose sum exceeds what is due", () => {
  it("paid twice", () => {
    const desk = paid().charge("C2", "100.00 EUR", H);
    expect(desk.failures(PAID, 300 * H)).toEqual(["duplicate-payment 100.00 EUR"]);
    expect(desk.times(PAID)).toEqual([H + SKEW]);
  });

  it("one minor unit more by two parts", () => {
    const desk = new Desk()
      .owe("100.00 EUR")
      .charge("C1", "60.00 EUR", H)
      .charge("C2", "40.01 EUR", 2 * H);
    expect(desk.failures(PAID, 300 * H)).toEqual(["duplicate-payment 0.01 EUR"]);
  });

  it("once more in another currency", () => {
    expect(
      paid()
        .charge("C2", "110.00 USD", H)
        .failures(PAID, 300 * H),
    ).toEqual(["duplicate-payment 110.00 USD"]);
  });

  it("resolved where one is reversed", () => {
    const desk = paid()
      .charge("C2", "100.00 EUR", H)
      .charge("C2", "100.00 EUR", 2 * H, "reversed");
    expect(desk.failures(PAID, 300 * H)).toEqual([]);
    expect(desk.said(PAID)).toEqual(["fail duplicate-payment 100.00 EUR", "pass EUR"]);
  });

  it("one payment that is too much by itself is no duplicate", () => {
    const desk = new Desk().owe("100.00 EUR").charge("C", "100.01 EUR", H);
    expect(desk.failures(PAID, 300 * H)).toEqual(["over-capture 0.01 EUR"]);
  });
});

describe("A retry after a failure and a split tender are not", () => {
  it("a retry after a failure", () => {
    const desk = paid().charge("C0", "100.00 EUR", 0, "failed");
    expect(desk.failures(PAID, 300 * H)).toEqual([]);
  });

  it("a split tender", () => {
    const desk = new Desk().owe("100.00 EUR").charge("C1", "60.00 EUR", H).charge("C2", "40.00 EUR", H);
    expect(desk.failures(PAID, 300 * H)).toEqual([]);
  });

  it("what is added to the purchase and paid", () => {
    const desk = paid()
      .owe("130.00 EUR", H)
      .charge("C2", "30.00 EUR", 2 * H);
    expect(desk.failures(PAID, 300 * H)).toEqual([]);
  });

  it("the same request, sent again when it failed", () => {
    const row = { amount: "100.00 EUR", requestKey: "K", channelReference: "same" };
    const desk = paid()
      .refund("R1", { ...row, status: "failed", at: H })
      .refund("R2", { ...row, status: "succeeded", at: 2 * H })
      .book(1, "R2", "100.00 EUR", 3 * H);
    desk.driver.end(300 * H);
    expect(desk.driver.verdicts()).toEqual([]);
  });
});

describe("A refund of an unknown payment: a class of its own", () => {
  it("from its own deadline on, and never an over-refund", () => {
    const desk = new Desk().refund("R1", { amount: "20.00 EUR", status: "succeeded", at: H });
    expect(desk.failures(BOUND, 300 * H)).toEqual(["refund-of-unknown-payment 20.00 EUR"]);
    expect(desk.times(BOUND)).toEqual([H + 6 * H + SKEW]);
  });

  it("of a payment that failed", () => {
    const desk = new Desk()
      .charge("C", "20.00 EUR", 0, "failed")
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: H });
    expect(desk.failures(BOUND, 300 * H)).toEqual(["refund-of-unknown-payment 20.00 EUR"]);
  });

  it("silent where the payment comes before the deadline, resolved where it comes later", () => {
    const refund = { amount: "20.00 EUR", status: "succeeded", at: H } as const;
    const inTime = new Desk().refund("R1", refund).charge("C", "20.00 EUR", 6 * H);
    expect(inTime.failures(BOUND, 300 * H)).toEqual([]);
    expect(inTime.said(BOUND)).toEqual([]);
    const late = new Desk().refund("R1", refund).charge("C", "20.00 EUR", 8 * H);
    expect(late.failures(BOUND, 300 * H)).toEqual([]);
    const alerts = late.driver.alerts().filter((alert) => alert.check === BOUND);
    expect(alerts.map(({ action, lateByMs }) => [action, lateByMs])).toEqual([
      ["opened", null],
      ["resolved", H],
    ]);
  });
});

describe("a success that was never booked: a class of its own", () => {
  it("from half a day after the success on", () => {
    const desk = paid().refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 2 * H, askedAt: H });
    expect(desk.failures(BOOKED, 300 * H)).toEqual(["success-never-booked 20.00 EUR"]);
    expect(desk.times(BOOKED)).toEqual([14 * H + SKEW]);
  });

  it("booked in time, or before the success is known", () => {
    const desk = paid()
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 2 * H })
      .book(1, "R1", "20.00 EUR", 14 * H)
      .book(2, "R2", "30.00 EUR", 2 * H)
      .refund("R2", { amount: "30.00 EUR", status: "succeeded", at: 13 * H });
    desk.driver.end(300 * H);
    expect(desk.said(BOOKED)).toEqual([]);
  });

  it("a late booking resolves it", () => {
    const desk = paid()
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 2 * H })
      .book(1, "R1", "20.00 EUR", 15 * H);
    expect(desk.failures(BOOKED, 300 * H)).toEqual([]);
    expect(desk.said(BOOKED)).toEqual(["fail success-never-booked 20.00 EUR", "pass EUR"]);
  });

  it("a refund that comes back stays booked", () => {
    const desk = paid()
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 2 * H })
      .book(1, "R1", "20.00 EUR", 3 * H)
      .refund("R1", { amount: "20.00 EUR", status: "reversed", at: 20 * H, askedAt: 2 * H });
    desk.driver.end(300 * H);
    expect(desk.said(BOOKED)).toEqual([]);
  });

  it.each([
    ["too little", ["19.99 EUR"], "booked-too-little 0.01 EUR"],
    ["twice", ["20.00 EUR", "20.00 EUR"], "booked-too-much 20.00 EUR"],
    ["in another currency", ["20.00 USD"], "booked-in-other-currency 20.00 EUR"],
  ])("booked %s", (_, bookings, says) => {
    const desk = paid().refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 2 * H });
    for (const [i, amount] of bookings.entries()) desk.book(i, "R1", amount, 3 * H);
    expect(desk.failures(BOOKED, 300 * H)).toEqual([says]);
  });
});

describe("a booking that never succeeded: a class of its own", () => {
  it.each(["failed", "in-flight"] as const)("of a refund that is %s", (status) => {
    const desk = paid()
      .refund("R1", { amount: "20.00 EUR", status, at: H })
      .book(1, "R1", "20.00 EUR", 2 * H);
    expect(desk.failures(BOOKED, 300 * H)).toEqual(["booking-never-succeeded 20.00 EUR"]);
    expect(desk.times(BOOKED)).toEqual([14 * H + SKEW]);
  });

  it("of a refund that never was", () => {
    expect(
      paid()
        .book(1, "R1", "20.00 EUR", H)
        .failures(BOOKED, 300 * H),
    ).toEqual(["booking-never-succeeded 20.00 EUR"]);
  });

  it("resolved by a late success", () => {
    const desk = paid()
      .book(1, "R1", "20.00 EUR", H)
      .refund("R1", { amount: "20.00 EUR", status: "succeeded", at: 20 * H });
    expect(desk.failures(BOOKED, 300 * H)).toEqual([]);
    expect(desk.said(BOOKED)).toEqual(["fail booking-never-succeeded 20.00 EUR", "pass EUR"]);
  });
});

describe("an obligation already overdue at the seed goes into one baseline report, unpaged", () => {
  const SEED = { at: 30 * D };
  const seeded = (desk: Desk) => {
    const row = { status: "succeeded", amount: "20.00 EUR" } as const;
    desk.driver.seed(RefundResult, "R1", SEED, { ...row, refundId: "R1", finishedAt: 0 });
    desk.driver.advance(30 * D + H);
    return desk;
  };

  it("and stays there while only a part of it is made up for, whatever its class is called", () => {
    const desk = seeded(new Desk()).book(1, "R1", "19.00 EUR", 31 * D);
    expect(desk.failures(BOOKED, 40 * D)).toEqual(["booked-too-little 1.00 EUR"]);
    expect(desk.driver.verdicts().map(({ class: cause, baseline }) => [cause, baseline])).toEqual([
      ["success-never-booked", true],
      ["booked-too-little", true],
    ]);
    expect(desk.driver.alerts()).toEqual([]);
  });
});

it("a restart after every step changes nothing of what is said", () => {
  const golden = join(import.meta.dirname, "../../jobs/refunds/golden");
  expect(runGolden(restarting(refunds), golden)).toBe(runGolden(refunds, golden));
});

describe("closed keys leave a compact marker for `retain`", () => {
  it("an excess is exact after a month without a change", () => {
    const desk = paid()
      .refund("R1", { amount: "60.00 EUR", status: "succeeded", at: H })
      .book(1, "R1", "60.00 EUR", 2 * H);
    desk.driver.advance(100 * D);
    desk.refund("R2", { amount: "40.01 EUR", status: "in-flight", at: 101 * D });
    expect(desk.failures(BOUND, 102 * D)).toEqual(["over-refund 0.01 EUR"]);
  });

  it("a charge that is reversed after a month gives nothing more", () => {
    const desk = paid().charge("C2", "100.00 EUR", 0, "reversed");
    desk.driver.advance(100 * D);
    desk.charge("C3", "100.00 EUR", 101 * D).charge("C", "100.00 EUR", 102 * D, "reversed");
    expect(desk.failures(PAID, 103 * D)).toEqual([]);
    expect(desk.said(PAID)).toEqual(["fail duplicate-payment 100.00 EUR", "pass EUR"]);
  });

  it("a request key is known for half a year", () => {
    const refund = { amount: "20.00 EUR", status: "succeeded", requestKey: "K" } as const;
    const twice = (at: number) =>
      paid()
        .refund("R1", { ...refund, at: H })
        .refund("R2", { ...refund, at })
        .failures(KEYS, 400 * D);
    expect(twice(170 * D)).toEqual(["duplicate-refund 20.00 EUR"]);
    expect(twice(190 * D)).toEqual(["unknown-after-retention 20.00 EUR"]);
  });
});
