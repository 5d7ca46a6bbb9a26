import { describe, expect, it } from "vitest";
import type { Suspension } from "../../dataflow/source.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";
import {
  alertLines,
  captured,
  finalLines,
  H,
  Line,
  Payment,
  SKEW,
  settled,
  settlementJob,
  verdictLines,
} from "./support.ts";

/** Two payments, of which the second is settled. */
const two = () =>
  testJob(settlementJob())
    .upsert(Payment, 1, { at: 0 }, captured(1, "10.00 EUR", 0))
    .upsert(Payment, 2, { at: 0 }, captured(2, "20.00 EUR", 0))
    .upsert(Line, 2, { at: H }, settled(2, "20.00 EUR", null, H));
const lineFault = { id: "lines/0/5", source: "ledger", table: "lines" } as const;
const bothKeys = (driver: TestDriver) => [verdictLines(driver, 1), verdictLines(driver, 2)];

describe("Faults of a record", () => {
  it("the key that its readable columns name is unobservable, and no other", () => {
    const driver = two()
      .fault({ ...lineFault, fields: { Line: { paymentId: "1" } } })
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 unobservable EUR"], []]);
    expect(driver.verdicts(1)[0]!.reason).toBe("record lines/0/5 is in the dead letters");
  });

  it("the key that its Kafka key names, through what the row stage knows of the row", () => {
    const driver = two()
      .advance(10 * H)
      .fault({ ...lineFault, row: "2" })
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 fail missing 10.00 EUR"], ["v1 unobservable EUR"]]);
  });

  it("where none can be told, every key of that table whose verdict rests on silence", () => {
    const driver = two()
      .fault(lineFault)
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 unobservable EUR"], []]);
    expect(driver.alerts()).toEqual([]);
  });

  it("also those that had failed before", () => {
    const driver = two()
      .advance(28 * H)
      .fault(lineFault)
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 fail missing 10.00 EUR", "v2 unobservable EUR"], []]);
  });

  it("an unread payment may be the one that unknown lines wait for", () => {
    const unknown = () => testJob(settlementJob()).upsert(Line, 1, { at: 0 }, settled(1, "3.00 EUR", null, 0));
    const fault = { id: "payments/0/1", source: "shop", table: "payments" };
    expect(
      verdictLines(
        unknown()
          .fault(fault)
          .end(30 * H),
      ),
    ).toEqual(["v1 unobservable EUR"]);
    expect(
      verdictLines(
        unknown()
          .fault(lineFault)
          .end(30 * H),
      ),
    ).toEqual(["v1 fail unknown-payment 3.00 EUR"]);
  });

  it("a payment that is missing does not rest on unread payments", () => {
    const driver = two()
      .fault({ id: "payments/0/1", source: "shop", table: "payments" })
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 fail missing 10.00 EUR"], []]);
  });

  it("and the stream goes on", () => {
    const driver = two()
      .fault(lineFault)
      .upsert(Line, 3, { at: 2 * H }, settled(1, "10.00 EUR", null, H))
      .end(30 * H);
    expect([bothKeys(driver), finalLines(driver)]).toEqual([
      [[], []],
      ["EUR pass", "EUR pass"],
    ]);
  });

  it("until it is replayed or discarded", () => {
    const driver = two()
      .fault(lineFault)
      .advance(30 * H)
      .settle(lineFault.id)
      .end(40 * H);
    expect(bothKeys(driver)).toEqual([["v1 unobservable EUR", "v2 fail missing 10.00 EUR"], []]);
    expect(alertLines(driver)).toEqual(["opened missing v2"]);
  });

  it("a key with two faults waits for both", () => {
    const fields = { Line: { paymentId: "1" } };
    const driver = two()
      .fault({ ...lineFault, fields })
      .fault({ ...lineFault, id: "lines/0/6", fields })
      .advance(30 * H);
    expect(verdictLines(driver.settle("lines/0/5"), 1)).toEqual(["v1 unobservable EUR"]);
    expect(verdictLines(driver.settle("lines/0/6"), 1)).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
  });

  it("settling judges at the key's last point: what came later is judged at its own", () => {
    const driver = two()
      .fault(lineFault)
      .advance(30 * H);
    driver.upsert(Line, 3, { at: 31 * H }, settled(1, "10.00 EUR", null, 31 * H)).advance(31 * H + 1);
    expect(verdictLines(driver.settle(lineFault.id).end(40 * H), 1)).toEqual([
      "v1 unobservable EUR",
      "v2 fail missing 10.00 EUR",
      "v3 pass EUR",
    ]);
  });

  it("settling what was never a fault says nothing", () => {
    expect(
      bothKeys(
        two()
          .settle("lines/0/99")
          .end(30 * H),
      ),
    ).toEqual([["v1 fail missing 10.00 EUR"], []]);
  });
});

describe("TRUNCATE and a breaking DDL suspend the checks concerned", () => {
  const truncate: Suspension = {
    id: "lines/0/7",
    source: "ledger",
    table: "lines",
    models: ["Line"],
    cause: "truncate",
    message: "lines was truncated",
    time: 20 * H,
  };

  it("from its time on nothing is judged", () => {
    const driver = two()
      .upsert(Payment, 3, { at: -10 * H }, captured(3, "30.00 EUR", -10 * H))
      .suspend(truncate)
      .end(30 * H);
    expect(verdictLines(driver, 3)).toEqual(["v1 fail missing 30.00 EUR"]);
    expect(bothKeys(driver)).toEqual([["v1 unobservable EUR"], ["v1 unobservable EUR"]]);
    expect(driver.verdicts(1)[0]!.reason).toBe("lines was truncated");
  });

  it("it never retracts row by row: what was settled passes when the check is resumed", () => {
    const driver = two()
      .advance(5 * H)
      .suspend(truncate)
      .advance(25 * H)
      .resume(truncate.id)
      .end(30 * H);
    expect(verdictLines(driver, 2)).toEqual(["v1 unobservable EUR", "v2 pass EUR"]);
  });

  it("a key without a point behind that time is left as it was", () => {
    const driver = two()
      .suspend({ ...truncate, time: 25 * H + SKEW + 1 })
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 fail missing 10.00 EUR"], []]);
  });

  it("until `checks resume`", () => {
    const driver = two()
      .suspend(truncate)
      .advance(30 * H)
      .resume(truncate.id)
      .end(40 * H);
    expect(verdictLines(driver, 1)).toEqual(["v1 unobservable EUR", "v2 fail missing 10.00 EUR"]);
    expect(alertLines(driver)).toEqual(["opened missing v2"]);
  });

  it("a check that does not read the table goes on", () => {
    const driver = two()
      .suspend({ ...truncate, models: ["Other"] })
      .end(30 * H);
    expect(bothKeys(driver)).toEqual([["v1 fail missing 10.00 EUR"], []]);
  });

  it("two suspensions wait for both", () => {
    const driver = two()
      .suspend(truncate)
      .suspend({ ...truncate, id: "lines/0/8" })
      .advance(30 * H);
    expect(verdictLines(driver.resume("lines/0/7"), 1)).toEqual(["v1 unobservable EUR"]);
    expect(verdictLines(driver.resume("lines/0/8"), 1)).toHaveLength(2);
  });
});
