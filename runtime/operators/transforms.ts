import { Batch } from "../../base/batch.ts";
import { type Column, Float64Column, type Int32Column, TextColumn } from "../../base/columns.ts";
import { BEFORE_ALL_TIME, FARTHEST_TIME } from "../../base/time.ts";
import { ADD } from "../../dataflow/change-layout.ts";
import {
  type EventsNode,
  type FilterNode,
  type KeyNode,
  layoutOf,
  type MapNode,
  type Node,
  type SelectNode,
  type TimedNode,
} from "../../dataflow/graph.ts";
import { keyReader } from "../../dataflow/keys.ts";
import type { Fields } from "../../dataflow/model.ts";
import type { Control } from "../../dataflow/operator.ts";
import { FIRST_ROW_FIELD, rowColumns } from "../../dataflow/row-layout.ts";
import { rowPlace } from "../../dataflow/row-place.ts";
import { type RowCursor, rowCursor } from "../../dataflow/row-view.ts";
import { callUser, writeFields } from "../../dataflow/row-writer.ts";
import { compilePredicate, type Predicate } from "./predicate.ts";
import { type FanOut, InputMerger, type Receiver } from "./receiver.ts";

/** Nodes without state: rows in, rows out, control elements in the same order. */
export abstract class Transform implements Receiver {
  protected readonly next: FanOut;
  readonly #merger: InputMerger;

  constructor(node: Node, next: FanOut) {
    this.next = next;
    this.#merger = new InputMerger(Math.max(1, node.inputs.length));
  }

  abstract batch(input: number, batch: Batch): void;

  control(input: number, element: Control): void {
    const merged = this.#merger.control(input, element);
    if (merged !== undefined) this.next.control(merged);
  }

  end(): void {
    this.#merger.end();
    if (this.#merger.ended) this.next.end();
  }
}

/** Hands rows on as they are: the entry of a changelog into its task, and unions. */
export class Pass extends Transform {
  override batch(_input: number, batch: Batch): void {
    this.next.batch(batch);
  }
}

/** Rows whose fields have given values, or that a function of the job holds for. */
export class Filter extends Transform {
  readonly #node: FilterNode;
  readonly #out: Batch;
  #predicateOf: Batch | undefined;
  #holds!: Predicate;
  /** Where a function is called for each row. */
  #cursor: RowCursor<Fields> | undefined;

  constructor(node: FilterNode, next: FanOut) {
    super(node, next);
    this.#node = node;
    this.#out = new Batch(layoutOf(node));
  }

  override batch(_input: number, batch: Batch): void {
    if (this.#predicateOf !== batch) {
      this.#predicateOf = batch;
      this.#holds = this.#predicate(batch);
    }
    const rows = callUser(
      this.#node.uid,
      () => this.#select(batch),
      () => rowPlace(this.#node, batch, this.#cursor?.row ?? 0),
    );
    if (rows.count > 0) this.next.batch(rows);
    this.#out.clear();
  }

  /** The rows that are wanted: the batch itself where all of them are. */
  #select(batch: Batch): Batch {
    const { count } = batch;
    const holds = this.#holds;
    const out = this.#out;
    let row = 0;
    while (row < count && holds(row)) row++;
    if (row === count) return batch;
    for (let wanted = 0; wanted < row; wanted++) out.append(batch, wanted);
    while (++row < count) if (holds(row)) out.append(batch, row);
    return out;
  }

  #predicate(batch: Batch): Predicate {
    const { fields, condition } = this.#node;
    if (typeof condition !== "function") return compilePredicate(fields, condition, batch);
    const cursor = rowCursor(batch, fields);
    this.#cursor = cursor;
    return (row) => condition(cursor.at(row)) === true;
  }
}

/** Hands on the columns of its batches under another layout, so that nothing is copied. */
abstract class Rearranged extends Transform {
  readonly #layout: Batch["layout"];
  #viewOf: Batch | undefined;
  #view!: Batch;

  constructor(node: Node, next: FanOut) {
    super(node, next);
    this.#layout = layoutOf(node);
  }

  /** The columns of what goes on, in order. Batches are refilled, so they are asked for once each. */
  protected abstract columns(batch: Batch): readonly Column[];

  override batch(_input: number, batch: Batch): void {
    this.next.batch(this.viewOf(batch));
  }

  protected viewOf(batch: Batch): Batch {
    if (this.#viewOf !== batch) {
      this.#viewOf = batch;
      this.#view = Batch.over(this.#layout, this.columns(batch));
    }
    this.#view.count = batch.count;
    return this.#view;
  }

  /** The fixed columns, and those of the layout's fields by name. */
  protected byName(batch: Batch): readonly Column[] {
    const fields = this.#layout.slice(FIRST_ROW_FIELD).map(({ name }) => batch.column(name));
    return [...batch.columns.slice(0, FIRST_ROW_FIELD), ...fields];
  }
}

/** The adds of a changelog. */
export class Events extends Rearranged {
  readonly #out: Batch;

  constructor(node: EventsNode, next: FanOut) {
    super(node, next);
    this.#out = new Batch(layoutOf(node));
  }

  protected override columns(batch: Batch): readonly Column[] {
    return this.byName(batch);
  }

  override batch(_input: number, batch: Batch): void {
    const view = this.viewOf(batch);
    const { kind } = rowColumns(view);
    let row = 0;
    while (row < view.count && kind.values[row] === ADD) row++;
    if (row === view.count) this.next.batch(view);
    else this.#copy(view, kind);
  }

  #copy(view: Batch, kind: Int32Column): void {
    const out = this.#out;
    for (let row = 0; row < view.count; row++) if (kind.values[row] === ADD) out.append(view, row);
    if (out.count > 0) this.next.batch(out);
    out.clear();
  }
}

/** Some of the fields. */
export class Select extends Rearranged {
  constructor(node: SelectNode, next: FanOut) {
    super(node, next);
  }

  protected override columns(batch: Batch): readonly Column[] {
    return this.byName(batch);
  }
}

/** Rows with their canonical key as a column. */
export class KeyRows extends Rearranged {
  readonly #node: KeyNode;
  readonly #keys = new TextColumn();
  #readerOf: Batch | undefined;
  #read!: (row: number) => string | undefined;

  constructor(node: KeyNode, next: FanOut) {
    super(node, next);
    this.#node = node;
  }

  protected override columns(batch: Batch): readonly Column[] {
    return [...batch.columns, this.#keys];
  }

  override batch(_input: number, batch: Batch): void {
    if (this.#readerOf !== batch) {
      this.#readerOf = batch;
      this.#read = keyReader(batch, this.#node.key);
    }
    const keys = this.#keys;
    keys.clear();
    keys.grow(batch.count);
    for (let row = 0; row < batch.count; row++) {
      const key = this.#read(row);
      if (key === undefined) keys.nulls[row] = 1;
      else keys.set(row, key);
    }
    this.next.batch(this.viewOf(batch));
  }
}

/** Rows with the event time that a field of theirs says. */
export class Timed extends Rearranged {
  readonly #node: TimedNode;
  readonly #times = new Float64Column();
  /** None of these rows is one of the seed any more: they have a time. */
  readonly #seeds = new Float64Column();

  constructor(node: TimedNode, next: FanOut) {
    super(node, next);
    this.#node = node;
  }

  protected override columns(batch: Batch): readonly Column[] {
    const [kind, , , ...fields] = this.byName(batch);
    return [kind!, this.#times, this.#seeds, ...fields];
  }

  override batch(_input: number, batch: Batch): void {
    const field = batch.column(this.#node.field) as Float64Column;
    const times = this.#times;
    times.grow(batch.count);
    this.#seeds.grow(batch.count);
    this.#seeds.nulls.fill(1, 0, batch.count);
    for (let row = 0; row < batch.count; row++) {
      const time = field.nulls[row] === 1 ? BEFORE_ALL_TIME : Math.floor(field.values[row]!);
      // Databases know an end of all time, which no watermark reaches, and some write it as a number past all dates.
      times.set(row, Math.abs(time) <= FARTHEST_TIME ? time : BEFORE_ALL_TIME);
    }
    this.next.batch(this.viewOf(batch));
  }

  override control(input: number, element: Control): void {
    const isWatermark = element.type === "watermark";
    super.control(input, isWatermark ? { ...element, time: element.time - this.#node.lagMs } : element);
  }
}

/** A user's function of each row. */
export class MapRows extends Transform {
  readonly #node: MapNode;
  readonly #inputFields: Fields;
  readonly #out: Batch;
  #cursorOf: Batch | undefined;
  #cursor!: RowCursor<Fields>;

  constructor(node: MapNode, next: FanOut) {
    super(node, next);
    this.#node = node;
    this.#inputFields = node.inputs[0]!.fields;
    this.#out = new Batch(layoutOf(node));
  }

  override batch(_input: number, batch: Batch): void {
    if (this.#cursorOf !== batch) {
      this.#cursorOf = batch;
      this.#cursor = rowCursor(batch, this.#inputFields);
    }
    const { uid, fields, map } = this.#node;
    const { count } = batch;
    const cursor = this.#cursor;
    const out = this.#out;
    out.grow(count);
    copyHead(out, batch);
    callUser(
      uid,
      () => {
        for (let row = 0; row < count; row++) writeFields(out, FIRST_ROW_FIELD, row, fields, map(cursor.at(row)));
      },
      () => rowPlace(this.#node.inputs[0]!, batch, cursor.row),
    );
    out.count = count;
    this.next.batch(out);
    out.clear();
  }
}

/** Copies the fixed columns of all rows. */
function copyHead(into: Batch, { columns, count }: Batch): void {
  for (let c = 0; c < FIRST_ROW_FIELD; c++) {
    const from = columns[c] as Int32Column | Float64Column;
    const to = into.columns[c] as Int32Column | Float64Column;
    to.values.set(from.values.subarray(0, count));
    to.nulls.set(from.nulls.subarray(0, count));
  }
}
