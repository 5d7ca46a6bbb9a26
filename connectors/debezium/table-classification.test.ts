import { describe, expect, it } from "vitest";
import { flag, id, instant, integer, model, money, number, table, text } from "../../dataflow/model.ts";
import { columnChangeText } from "./column-changes.ts";
import { classifyTable } from "./table-classification.ts";

const decimal = (precision: number, scale: number) => ({ type: "bytes", logicalType: "decimal", precision, scale });
const timestamp = { type: "long", "connect.name": "io.debezium.time.Timestamp" };
const row = (columns: object) => ({
  type: "record",
  name: "Value",
  fields: Object.entries(columns).map(([name, type]) => ({ name, type })),
});

const BEFORE = {
  id: "int",
  payment_id: "long",
  amount: decimal(10, 2),
  currency: "string",
  status: { type: "enum", name: "Status", symbols: ["created", "captured"] },
  captured_at: ["null", timestamp],
  tries: "int",
  rate: "float",
  is_test: "int",
  note: ["null", "string"],
};

const MODELS = [
  model("Payment", {
    from: table("shop", "payments"),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
  }),
  model("Risk", {
    from: table("shop", "payments"),
    fields: { paymentId: id(), tries: integer(), rate: number(), isTest: flag() },
  }),
  model("Elsewhere", { from: table("shop", "refunds"), fields: { note: text() } }),
];

/** What an ALTER does to columns (null drops one), what is said of it, and what it means: P for Payment, R for Risk. */
const ALTERS: readonly [string, Record<string, unknown>, string, string][] = [
  ["nothing", {}, "", "P harmless, R harmless"],
  ["an added column", { risk: ["null", "int"] }, "risk was added: int", "P harmless, R harmless"],
  ["an unread column dropped", { note: null }, "note was dropped: string", "P harmless, R harmless"],
  ["an unread column retyped", { note: "int" }, "note was retyped: string to int", "P harmless, R harmless"],
  ["int to long", { tries: "long" }, "tries was widened: int to long", "P harmless, R widening"],
  ["long to int", { payment_id: "int" }, "payment_id was narrowed: long to int", "P widening, R widening"],
  ["float to double", { rate: "double" }, "rate was widened: float to double", "P harmless, R widening"],
  [
    "small integer to boolean",
    { is_test: "boolean" },
    "is_test was narrowed: int to boolean",
    "P harmless, R widening",
  ],
  [
    "more digits",
    { amount: decimal(14, 2) },
    "amount was widened: decimal(10,2) to decimal(14,2)",
    "P widening, R harmless",
  ],
  [
    "a finer scale",
    { amount: decimal(14, 4) },
    "amount was widened: decimal(10,2) to decimal(14,4)",
    "P widening, R harmless",
  ],
  [
    "a finer scale in as many digits",
    { amount: decimal(10, 4) },
    "amount was retyped: decimal(10,2) to decimal(10,4)",
    "P widening, R harmless",
  ],
  ["a read column that may be null", { tries: ["null", "int"] }, "tries may be null now", "P harmless, R widening"],
  [
    "one more symbol",
    { status: { type: "enum", name: "Status", symbols: ["created", "captured", "lost"] } },
    "status was widened: enum(created,captured) to enum(created,captured,lost)",
    "P widening, R harmless",
  ],
  [
    "an enum to text",
    { status: "string" },
    "status was widened: enum(created,captured) to string",
    "P widening, R harmless",
  ],
  ["money to a double", { amount: "double" }, "amount was retyped: decimal(10,2) to double", "P breaking, R harmless"],
  ["money to text", { amount: "string" }, "amount was retyped: decimal(10,2) to string", "P breaking, R harmless"],
  ["a number to text", { payment_id: "string" }, "payment_id was retyped: long to string", "P breaking, R breaking"],
  [
    "a time to a plain long",
    { captured_at: "long" },
    "captured_at was retyped: long (Timestamp) to long",
    "P breaking, R harmless",
  ],
  [
    "an integer to a decimal with cents",
    { tries: decimal(10, 2) },
    "tries was retyped: int to decimal(10,2)",
    "P harmless, R breaking",
  ],
  ["a read column dropped", { tries: null }, "tries was dropped: int", "P harmless, R breaking"],
  [
    "a read column renamed",
    { status: null, state: "string" },
    "state was added: string; status was dropped: enum(created,captured)",
    "P breaking, R harmless",
  ],
  ["the currency dropped", { currency: null }, "currency was dropped: string", "P breaking, R harmless"],
];

describe("an ALTER of a table that models read", () => {
  it.each(ALTERS)("%s", (_, change, said, means) => {
    const after = Object.fromEntries(Object.entries({ ...BEFORE, ...change }).filter(([, type]) => type !== null));
    const place = { source: "shop", kind: "mariadb", table: "payments" } as const;
    const found = classifyTable(place, MODELS, row(BEFORE), row(after));
    expect(found.columns.map(columnChangeText).join("; ")).toBe(said);
    expect(found.models.map((each) => `${each.model[0]} ${each.class}`).join(", ")).toBe(means);
    for (const each of found.models) expect(each.reason !== null).toBe(each.class === "breaking");
  });
});

it("without an earlier schema says whether models can read a table at all", () => {
  const place = { source: "shop", kind: "postgresql", table: "payments" } as const;
  expect(classifyTable(place, MODELS, undefined, row(BEFORE)).class).toBe("harmless");
  const { tries: _, ...without } = BEFORE;
  const found = classifyTable(place, MODELS, undefined, row(without));
  expect(found.models.map((each) => each.class)).toEqual(["harmless", "breaking"]);
  expect(found.models[1]!.reason).toContain("tries");
});
