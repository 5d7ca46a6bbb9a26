import { Batch } from "../../base/batch.ts";
import { keyOf } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD, OP } from "../../dataflow/change-layout.ts";
import { id, integer, type Model, model, money, table, text } from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { RowStage, type SourcePosition } from "./row-stage.ts";

/** A model with one field of each shape that the row stage treats in its own way. */
export const Order = model("Order", {
  from: [table("shop", "orders"), table("shop", "old_orders")],
  fields: { orderId: id(), note: text(), amount: money(), items: integer() },
});

export interface OrderValues {
  readonly orderId: number | null;
  readonly note: string | null;
  /** Euros. */
  readonly amount: bigint | null;
  readonly items: bigint | null;
}

/** One change of one row, as a decoder hands it over. */
export interface RowChange {
  readonly op: keyof typeof OP;
  readonly row: number;
  readonly at: number;
  readonly values?: OrderValues;
  /** Fields that Debezium left out. */
  readonly absent?: readonly (keyof OrderValues)[];
  readonly position?: readonly [major: number, minor: number, sub: number];
  readonly table?: 0 | 1;
  /** A row of the seed: `at` is when it was taken. */
  readonly seed?: boolean;
}

/** A row stage whose outcome is kept as text: `+ 1 {7, "note", 5, 2} @10`. */
export class StageHarness {
  readonly out: string[] = [];
  readonly events: string[] = [];
  readonly stage: RowStage;
  readonly source: SourcePosition;
  #next = 0;

  constructor(retainMs = 1_000_000, longestTransactionMs = 0) {
    this.source = { major: -1, minor: -1, sub: -1, time: BEFORE_ALL_TIME, longestTransactionMs };
    this.stage = new RowStage(Order as unknown as Model, retainMs, {
      rows: (batch) => {
        for (let row = 0; row < batch.count; row++) this.out.push(rowText(batch, row));
      },
      incomplete: (_, row) => this.events.push(`incomplete ${row}`),
      seedDiffers: () => this.events.push("seed differs"),
      positionWentBack: () => this.events.push("position went back"),
    });
  }

  /** Hands changes over in one batch; their positions follow one another unless they are given. */
  push(...changes: readonly RowChange[]): this {
    const batch = new Batch(changeLayout(Order as unknown as Model), changes.length);
    for (const change of changes) this.#write(batch, change);
    this.stage.process(batch, this.source);
    return this;
  }

  #write(batch: Batch, change: RowChange): void {
    const row = batch.count++;
    const meta = changeColumns(batch);
    const [major, minor, sub] = change.position ?? [1, ++this.#next, 0];
    meta.kind.set(row, OP[change.op]);
    meta.time.set(row, change.seed ? BEFORE_ALL_TIME : change.at);
    if (change.seed) meta.seed.set(row, change.at);
    else meta.seed.nulls[row] = 1;
    meta.row.set(row, keyOf(change.row));
    meta.major.set(row, major);
    meta.minor.set(row, minor);
    meta.sub.set(row, sub);
    meta.table.set(row, change.table ?? 0);
    const names = Object.keys(Order.fields);
    meta.absent.set(
      row,
      (change.absent ?? []).reduce((bits, name) => bits | (1 << names.indexOf(name)), 0),
    );
    meta.offset.set(row, minor);
    const { orderId = null, note = null, amount = null, items = null } = change.values ?? {};
    writeFields(batch, FIRST_FIELD, row, Order.fields, {
      orderId: orderId === null ? null : keyOf(orderId),
      note,
      amount: amount === null ? null : { minor: amount, currency: "EUR" },
      items,
    });
  }
}

function rowText(batch: Batch, row: number): string {
  const values = ["orderId", "note", "amount", "items"].map((name) => String(batch.column(name).get(row)));
  const [amount, currency] = [batch.column("amount"), batch.column("amount.currency")];
  if (amount.nulls[row] !== currency.nulls[row]) values.push("an amount without its currency");
  const { kind, time, row: key } = changeColumns(batch);
  return `${kind.values[row] === ADD ? "+" : "-"} ${key.text(row)} {${values.join(", ")}} @${time.values[row]}`;
}
