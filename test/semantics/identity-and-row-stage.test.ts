import { describe, expect, it } from "vitest";
import { type OrderValues, StageHarness } from "../../runtime/operators/row-stage.test-helper.ts";
import { testJob } from "../../testing/index.ts";
import { captured, H, Payment, settlementJob } from "./support.ts";

const one: OrderValues = { orderId: 7, note: "one", amount: 5n, items: 2n };
const two: OrderValues = { orderId: 7, note: "two", amount: 6n, items: 3n };

describe("Row stage: emits retract(old) and add(new)", () => {
  it("an insert is an add, an update retracts what was, a delete retracts only", () => {
    const { out } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "update", row: 1, at: 20, values: two },
      { op: "delete", row: 1, at: 30 },
    );
    expect(out).toEqual([
      "+ 1 {7, one, 5, 2} @10",
      "- 1 {7, one, 5, 2} @20",
      "+ 1 {7, two, 6, 3} @20",
      "- 1 {7, two, 6, 3} @30",
    ]);
  });

  it("an update of columns that the model does not have says nothing", () => {
    const { out } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "update", row: 1, at: 20, values: one },
    );
    expect(out).toEqual(["+ 1 {7, one, 5, 2} @10"]);
  });

  it("is keyed by table and primary key", () => {
    const { out, size } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "create", row: 1, at: 11, values: two, table: 1 },
    );
    expect([out.length, size]).toEqual([2, 2]);
  });

  it("fills values that Debezium left out", () => {
    const { out } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "update", row: 1, at: 20, values: { ...two, note: null, amount: null }, absent: ["note", "amount"] },
    );
    expect(out.at(-1)).toBe("+ 1 {7, one, 5, 3} @20");
  });

  it("a value that was left out of a row not seen before makes the record a fault", () => {
    const { out, events } = new StageHarness().push(
      { op: "update", row: 1, at: 10, values: one, absent: ["note"] },
      { op: "create", row: 2, at: 11, values: one },
    );
    expect([out, events]).toEqual([["+ 2 {7, one, 5, 2} @11"], ["incomplete 0"]]);
  });

  it("ignores the zeros that Debezium invents in deletes under the default replica identity", () => {
    const zeros: OrderValues = { orderId: 0, note: "", amount: 0n, items: 0n };
    const { out } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "delete", row: 1, at: 20, values: zeros },
    );
    expect(out.at(-1)).toBe("- 1 {7, one, 5, 2} @20");
  });

  it("a delete of a row that was never seen retracts nothing", () => {
    expect(new StageHarness().push({ op: "delete", row: 1, at: 10 }).out).toEqual([]);
  });
});

describe("Repeats are recognised per row", () => {
  it("a change not newer than the row's last one is dropped", () => {
    const { out, repeats } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one, position: [1, 100, 0] },
      { op: "create", row: 1, at: 10, values: one, position: [1, 100, 0] },
      { op: "update", row: 1, at: 20, values: two, position: [1, 200, 0] },
      { op: "create", row: 1, at: 10, values: one, position: [1, 100, 0] },
    );
    expect([out.length, repeats]).toEqual([3, 2]);
  });

  it("the file, the place in it and the row in the event are compared in this order", () => {
    const harness = new StageHarness().push({ op: "create", row: 1, at: 10, values: one, position: [2, 100, 3] });
    for (const position of [
      [1, 900, 9],
      [2, 99, 9],
      [2, 100, 2],
      [2, 100, 3],
    ] as const) {
      harness.push({ op: "update", row: 1, at: 10, values: two, position });
    }
    expect([harness.out.length, harness.repeats]).toEqual([1, 4]);
    harness.push({ op: "update", row: 1, at: 10, values: two, position: [2, 100, 4] });
    expect(harness.out).toHaveLength(3);
  });

  it("positions are never compared across rows", () => {
    const { out, repeats, events } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one, position: [1, 900, 0] },
      { op: "create", row: 2, at: 11, values: two, position: [1, 100, 0] },
    );
    expect([out.length, repeats, events]).toEqual([2, 0, []]);
  });

  it("a deleted row keeps its position", () => {
    const { out, repeats, size } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one, position: [1, 1, 0] },
      { op: "delete", row: 1, at: 20, position: [1, 2, 0] },
      { op: "create", row: 1, at: 10, values: one, position: [1, 1, 0] },
    );
    expect([out.length, repeats, size]).toEqual([2, 1, 1]);
  });

  it("for `retain`, and is forgotten then", () => {
    const harness = new StageHarness(1_000).push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "delete", row: 1, at: 20 },
      { op: "create", row: 2, at: 20, values: one },
    );
    harness.forgetBefore(1_020);
    expect(harness.size).toBe(2);
    harness.forgetBefore(1_021);
    expect(harness.size).toBe(1);
  });

  it("a row that was inserted again before that is not", () => {
    const harness = new StageHarness(1_000).push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "delete", row: 1, at: 20 },
      { op: "create", row: 1, at: 30, values: two },
    );
    harness.forgetBefore(9_999);
    expect([harness.size, harness.out.at(-1)]).toEqual([1, "+ 1 {7, two, 6, 3} @30"]);
  });

  it("a repeat of all that was said changes no verdict", () => {
    const driver = testJob(settlementJob());
    for (const position of [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 0],
    ] as const) {
      driver.upsert(Payment, 1, { at: H, position }, captured(1, "1.00 EUR", H));
    }
    driver.end(30 * H);
    expect([driver.repeats("shop"), driver.finals()[0]?.atRisk]).toEqual([2, "1.00"]);
  });
});

describe("a position far behind the source's newest with a newer ts_ms", () => {
  const newest = { op: "create", row: 1, at: 100_000, values: one, position: [9, 500, 0] } as const;

  it("is never dropped but stops the source with one engine alert", () => {
    const { out, events } = new StageHarness()
      .push(newest)
      .push({ op: "create", row: 2, at: 100_001, values: two, position: [1, 4, 0] });
    expect([out.length, events]).toEqual([1, ["position went back"]]);
  });

  it("once stopped, nothing more of the source is taken, proven or ended", () => {
    const driver = testJob(settlementJob())
      .upsert(Payment, 1, { at: H, position: [9, 500, 0] }, captured(1, "1.00 EUR", H))
      .upsert(Payment, 2, { at: 2 * H, position: [1, 4, 0] }, captured(2, "1.00 EUR", H))
      .upsert(Payment, 3, { at: 3 * H, position: [9, 600, 0] }, captured(3, "1.00 EUR", H))
      .advance(50 * H)
      .end(60 * H);
    expect(driver.engineAlerts.map((alert) => alert.code)).toEqual(["POSITION_WENT_BACK"]);
    expect(driver.verdicts()).toEqual([]);
    expect(driver.finals().map(({ key, status }) => `${key} ${status}`)).toEqual(["1 pending"]);
  });

  it("with an older ts_ms it is a late delivery of another partition", () => {
    const { out, events } = new StageHarness()
      .push(newest)
      .push({ op: "create", row: 2, at: 99_000, values: two, position: [1, 4, 0] });
    expect([out.length, events]).toEqual([2, []]);
  });

  it("near positions prove nothing: PostgreSQL writes a change long before it commits", () => {
    const { out, events } = new StageHarness()
      .push(newest)
      .push({ op: "create", row: 2, at: 100_001, values: two, position: [9, 4, 0] });
    expect([out.length, events]).toEqual([2, []]);
  });

  it("of the row itself: a change that is not newer by position and clearly newer by time is no repeat", () => {
    const { repeats, events } = new StageHarness()
      .push(newest)
      .push({ ...newest, op: "update", at: 102_000, position: [9, 400, 0] });
    expect([repeats, events]).toEqual([1, []]);
    const other = new StageHarness().push(newest, { ...newest, op: "update", at: 102_001, position: [9, 400, 0] });
    expect([other.repeats, other.events]).toEqual([0, ["position went back"]]);
  });
});

describe("Order: a row's own changes come in log order", () => {
  it("a statement's time that lies before that of the row's last change is taken for that of the last", () => {
    const { out } = new StageHarness(1_000, 10_000).push(
      { op: "create", row: 1, at: 5_000, values: one },
      { op: "update", row: 1, at: 3_000, values: two },
      { op: "delete", row: 1, at: 4_000 },
      { op: "create", row: 1, at: 4_500, values: one },
    );
    expect(out.map((text) => text.slice(text.indexOf("@")))).toEqual(["@5000", "@5000", "@5000", "@5000", "@5000"]);
  });
});

describe("Seed (op = r) in the row stage", () => {
  it("sets a row's state and says nothing of when it changed", () => {
    const { out } = new StageHarness().push({ op: "read", row: 1, at: 10, values: one, seed: true });
    expect(out).toEqual(["+ 1 {7, one, 5, 2} @-Infinity"]);
  });

  it("an r that differs from known state is an upsert and an engine alert: changes were missed", () => {
    const { out, events } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "read", row: 1, at: 90, values: two },
    );
    expect([out.slice(1), events]).toEqual([["- 1 {7, one, 5, 2} @90", "+ 1 {7, two, 6, 3} @90"], ["seed differs"]]);
  });

  it("an r that agrees says nothing", () => {
    const { out, events } = new StageHarness().push(
      { op: "create", row: 1, at: 10, values: one },
      { op: "read", row: 1, at: 90, values: one },
    );
    expect([out.length, events]).toEqual([1, []]);
  });
});
