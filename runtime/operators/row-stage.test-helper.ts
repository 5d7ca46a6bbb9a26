import { Batch } from "../../base/batch.ts";
import { raise } from "../../base/errors.ts";
import { keyOf } from "../../base/key.ts";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD, OP } from "../../dataflow/change-layout.ts";
import { id, integer, type Model, model, money, table, text } from "../../dataflow/model.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import { StateStore } from "../../state/state-store.ts";
import { TimerQueue } from "../../state/timer-queue.ts";
import { type Retention, RowStage } from "./row-stage.ts";
import { noPosition, type SourcePosition } from "./source-position.ts";

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

/** Rows of a partition are kept apart from others; here there is one, unless it is said. */
const GROUP = 3;

/** Row stages of a model's two tables, whose outcome is kept as text: `+ 1 {7, "note", 5, 2} @10`. */
export class StageHarness {
  readonly out: string[] = [];
  readonly events: string[] = [];
  readonly source: SourcePosition;
  readonly #disk = new MemoryDisk();
  readonly #retention: Retention;
  #restarts = 0;
  #store: StateStore;
  #stages: readonly RowStage[];
  #next = 0;
  #group = GROUP;
  #otherGroups: readonly number[] = [];

  constructor(retainMs = 1_000_000, longestTransactionMs = 0, retainRows = 0) {
    this.#retention = { ms: retainMs, rows: retainRows };
    this.source = noPosition(longestTransactionMs);
    this.#store = this.#openStore();
    this.#stages = this.#makeStages();
  }

  /** Hands changes over, in one batch where they are of one table; their positions follow one another unless given. */
  push(...changes: readonly RowChange[]): this {
    for (let from = 0, to = 0; from < changes.length; from = to) {
      const table = changes[from]!.table ?? 0;
      while (to < changes.length && (changes[to]!.table ?? 0) === table) to++;
      const batch = new Batch(changeLayout(Order as unknown as Model), to - from);
      for (const change of changes.slice(from, to)) this.#write(batch, change);
      this.#stages[table]!.process(batch, this.#group, this.source, this.#otherGroups);
    }
    return this;
  }

  /** What is pushed from now on is of this partition; rows of it may be with others yet. */
  at(group: number, ...otherGroups: readonly number[]): this {
    this.#group = group;
    this.#otherGroups = otherGroups;
    return this;
  }

  /** Other row stages go on with what these have kept. */
  restart(): this {
    const { part } = this.#store.checkpoint();
    const { schema } = this.#stages[0]!;
    this.#store = this.#openStore();
    this.#store.restore([part], () => true);
    this.#stages = this.#makeStages();
    for (const stage of this.#stages) stage.restore(schema, () => raise("BUG", { what: "it is the same schema" }));
    return this;
  }

  forgetBefore(frontier: number): void {
    for (const stage of this.#stages) stage.forgetBefore(frontier);
  }

  /** The stored row of a table. */
  lookUp(table: 0 | 1, row: string): Batch | undefined {
    return this.#stages[table]!.lookUp(GROUP, row);
  }

  get size(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.size, 0);
  }

  get repeats(): number {
    return this.#stages.reduce((sum, stage) => sum + stage.repeats, 0);
  }

  #openStore(): StateStore {
    return new StateStore({ disk: this.#disk, dir: "/state", prefix: `s${this.#restarts++}-`, memoryBytes: 4 << 20 });
  }

  #makeStages(): RowStage[] {
    return Order.from.map(({ table: name }) => {
      const backend = { store: this.#store, timerQueue: () => new TimerQueue() };
      return new RowStage(name, Order as unknown as Model, this.#retention, backend, {
        rows: (batch) => {
          for (let row = 0; row < batch.count; row++) this.out.push(rowText(batch, row));
        },
        incomplete: (_, row) => this.events.push(`incomplete ${row}`),
        seedDiffers: () => this.events.push("seed differs"),
        positionWentBack: () => this.events.push("position went back"),
      });
    });
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
