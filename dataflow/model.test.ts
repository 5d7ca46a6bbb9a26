import { describe, expect, it } from "vitest";
import { type Field, fieldsFrom, id, instant, integer, model, money, table, text } from "./model.ts";

const declare = (field: unknown) => () =>
  model("Thing", { from: table("db", "things"), fields: { value: field as Field } });

describe("a model", () => {
  it.each([
    ["an unknown option", text({ valeus: { 1: "a" } } as object), "text has no option `valeus`"],
    ["values of integers", integer({ values: { 1: "a" } } as object), "integer has no option `values`"],
    ["no name", text({ values: {} }), "its `values` should say what each value is called"],
    ["a name that is no text", text({ values: { 1: 2 } as never }), "its `values` should say"],
    ["otherwise than nothing", text({ otherwise: "a" } as never), "its `otherwise` should be a text, beside `values`"],
    ["a default of another type", text({ default: 1 as never }), "its default 1 is no value of text"],
    ["a default for a key", id({ default: "x" } as never), "id has no option `default`"],
    ["a default for a time", instant({ default: 0 } as never), "instant has no option `default`"],
    [
      "a unit that nobody counts in",
      instant({ unit: "minutes" as never }),
      "its unit is minutes, and should be one of",
    ],
    ["a share of a digit", money({ minorUnits: 1.5 }), "its minorUnits is 1.5"],
    ["a currency that is none", money({ currencies: { 1: "EURO" } }), "its currency EURO is not in ISO 4217"],
    ["currencies of no column", money({ currency: "EUR", currencies: { 1: "EUR" } }), "it has one for all rows"],
    [
      "currencies that are no texts",
      money({ currencies: { 1: 978 } as never }),
      "its `currencies` should say what each is",
    ],
    ["a column that is no name", text({ column: 5 as never }), "its column is 5, and should be a name"],
    ["no field", undefined, "it is not declared by id(), text() or another of them"],
  ])("is refused with %s", (_, field, reason) => {
    expect(declare(field)).toThrow(expect.objectContaining({ code: "MODEL_INVALID", message: contains(reason) }));
  });

  it.each([
    ["a field that it does not have", { nope: text() }, "nope of table db.old: the model has no such field; it has"],
    ["a field of another kind", { amount: integer() }, "amount of table db.old: it is integer, and money in the model"],
    ["another scale", { amount: money({ scale: 4 }) }, "its scale is 4, and the currency's in the model"],
    [
      "values that it does not know",
      { status: text({ values: { 1: "lost" } }) },
      "it can be lost, and in the model only",
    ],
    ["any text", { status: text("state") }, "it can be anything, and in the model only captured, failed"],
    ["a mistake", { status: text({ values: { 1: "captured" }, unit: "s" } as never) }, "text has no option `unit`"],
  ])("refuses a table that maps %s", (_, fields, reason) => {
    const declared = () =>
      model("Payment", {
        from: [table("db", "payments"), table("db", "old", fields as never)],
        fields: { paymentId: id(), amount: money(), status: text({ values: { C: "captured", F: "failed" } }) },
      });
    expect(declared).toThrow(expect.objectContaining({ code: "MODEL_INVALID", message: contains(reason) }));
  });

  it("has each table once", () => {
    const declared = () =>
      model("Payment", {
        from: [table("db", "payments"), table("db", "payments", { status: text("state") })],
        fields: { status: text() },
      });
    expect(declared).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID", message: contains("db.payments twice") }),
    );
  });

  it.each([
    ["another image than the whole one", table("db", "payments", { before: "none" } as never), 'is "none", and can be'],
    ["a flag", table("db", "payments", { before: true } as never), "of table db.payments is true, and can be"],
    ["one beside its fields", table("db", "payments", {}, { before: 1 } as never), "is 1, and can be"],
    ["fields beside it", table("db", "payments", { before: "full", status: text() } as never), "no such field"],
  ])("refuses a table whose row before is %s", (_, from, reason) => {
    const declared = () => model("Payment", { from, fields: { status: text() } });
    expect(declared).toThrow(expect.objectContaining({ code: "MODEL_INVALID", message: contains(reason) }));
  });

  it("whose rows are only inserted has none before them", () => {
    const from = [table("db", "old"), table("db", "payments", { before: "full" })];
    const declared = () => model("Payment", { from, fields: { status: text() }, insertsOnly: true });
    expect(declared).toThrow(
      expect.objectContaining({ code: "MODEL_INVALID", message: contains("table db.payments has `before: full`") }),
    );
  });

  it("has the row before of the tables that say it, with fields of their own or without", () => {
    const Payment = model("Payment", {
      from: [
        table("db", "payments", { before: "full" }),
        table("db", "old", { status: text("state") }, { before: "full" }),
        table("db", "older", { status: text("state") }),
        table("db", "oldest", { before: undefined }),
      ],
      fields: { status: text() },
    });
    expect(Payment.from).toStrictEqual([
      { source: "db", table: "payments", before: "full" },
      { source: "db", table: "old", fields: { status: text("state") }, before: "full" },
      { source: "db", table: "older", fields: { status: text("state") } },
      { source: "db", table: "oldest" },
    ]);
  });

  it("may have a field called `before`, which a table maps like any other", () => {
    const own = { before: text("old_state") };
    const from = [table("db", "payments", own), table("db", "old", own, { before: "full" })];
    const Payment = model("Payment", { from, fields: { before: text() } });
    expect(Payment.from).toStrictEqual([
      { source: "db", table: "payments", fields: own },
      { source: "db", table: "old", fields: own, before: "full" },
    ]);
  });

  it("has one scale in all of its tables, and else takes a table's mapping as it is said there", () => {
    const Payment = model("Payment", {
      from: [table("db", "payments"), table("db", "old", { amount: money({ column: "cents", minorUnits: 2 }) })],
      fields: { paymentId: id(), amount: money({ scale: 4, rounding: "halfUp" }) },
    });
    expect(fieldsFrom(Payment, 0)).toBe(Payment.fields);
    expect(fieldsFrom(Payment, 1)).toEqual({
      paymentId: id(),
      amount: money({ column: "cents", minorUnits: 2, scale: 4 }),
    });
  });
});

function contains(reason: string) {
  return expect.stringContaining(reason);
}
