import { expect, it } from "vitest";
import { id, type MoneyValue, model, money, table } from "../../dataflow/model.ts";
import { Comparison } from "./comparison.ts";

it("an amount that null is the same as has no currency, as null has none; others have theirs", () => {
  const { limit } = model("Account", { from: table("shop", "accounts"), fields: { no: id(), limit: money() } }).fields;
  const compared = { name: "limit", place: { old: 0, new: 0 }, field: { old: limit, new: limit }, clock: null };
  const comparison = new Comparison([{ ...compared, nullIs: "0" }]);
  const differ = (old: MoneyValue | null, replica: MoneyValue | null) =>
    comparison.differences(rowOf(old), rowOf(replica)).length > 0;
  const [none, euros, dollars] = [null, { minor: 0n, currency: "EUR" }, { minor: 0n, currency: "USD" }];
  expect([differ(none, euros), differ(dollars, none), differ(euros, dollars)]).toEqual([false, false, false]);
  expect(differ({ minor: 1n, currency: "EUR" }, { minor: 1n, currency: "USD" })).toBe(true);
});

function rowOf(value: MoneyValue | null) {
  const position = { major: 0, minor: 0, sub: 0, time: 0, seed: null };
  return { id: "0/0/1", input: 0, table: 0, row: "1", ...position, fields: [value] };
}
