import { describe, expect, it } from "vitest";
import { Batch } from "../../base/batch.ts";
import { keyOf } from "../../base/key.ts";
import { changeLayout, FIRST_FIELD } from "../../dataflow/change-layout.ts";
import type { Condition } from "../../dataflow/graph.ts";
import { flag, id, integer, type Model, model, table, text } from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { compilePredicate } from "./predicate.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { orderId: id(), status: text(), items: integer(), paid: flag() },
});

const rows = [
  { orderId: keyOf(7), status: "open", items: 2n ** 60n, paid: true },
  { orderId: keyOf("7"), status: "öffentlich, aber nicht für alle", items: -1n, paid: false },
  { orderId: null, status: null, items: null, paid: null },
  { orderId: keyOf(8), status: "", items: 0n, paid: false },
];

/** Numbers of the rows that a condition keeps. */
function kept(condition: Condition): number[] {
  const batch = new Batch(changeLayout(Order as unknown as Model), rows.length);
  for (const [row, values] of rows.entries()) writeFields(batch, FIRST_FIELD, row, Order.fields, values);
  batch.count = rows.length;
  const holds = compilePredicate(Order.fields, condition, batch);
  return rows.flatMap((_, row) => (holds(row) ? [row] : []));
}

describe("where", () => {
  it.each<[string, Condition, number[]]>([
    ["a text", { status: "open" }, [0]],
    ["the empty text, which is not null", { status: "" }, [3]],
    ["a text beyond ASCII", { status: "öffentlich, aber nicht für alle" }, [1]],
    ["the beginning of a text is not the text", { status: "ope" }, []],
    ["any of a list", { status: ["open", "", "closed"] }, [0, 3]],
    ["none of an empty list", { status: [] }, []],
    ["an id, as the number it is in the database", { orderId: 7 }, [0]],
    ["an id that is text", { orderId: "7" }, [1]],
    ["a 64-bit integer, exactly", { items: 2n ** 60n }, [0]],
    ["and not its neighbour", { items: 2n ** 60n + 1n }, []],
    ["an integer as a number", { items: [-1, 0] }, [1, 3]],
    ["a flag", { paid: true }, [0]],
    ["a flag that is not set, which is not null", { paid: false }, [1, 3]],
    ["several fields, joined by and", { paid: false, items: 0 }, [3]],
    ["no field keeps every row", {}, [0, 1, 2, 3]],
  ])("%s", (_, condition, wanted) => expect(kept(condition)).toEqual(wanted));
});
