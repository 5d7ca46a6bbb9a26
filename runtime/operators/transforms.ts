import { Batch } from "../../base/batch.ts";
import { ADD, changeColumns, changeLayout, FIRST_FIELD } from "../../dataflow/change-layout.ts";
import type { EventsNode, FilterNode, MapNode, Node } from "../../dataflow/graph.ts";
import type { Fields } from "../../dataflow/model.ts";
import type { Control } from "../../dataflow/operator.ts";
import { type RowCursor, rowCursor } from "../../dataflow/row-view.ts";
import { callUser, writeFields } from "../../dataflow/row-writer.ts";
import { compilePredicate, type Predicate } from "./predicate.ts";
import { type FanOut, InputMerger, type Receiver } from "./receiver.ts";

/** Nodes without state: rows in, rows out, control elements in the same order. */
abstract class Transform implements Receiver {
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
    if (this.#merger.end()) this.next.end();
  }
}

/** Hands rows on as they are: the entry of a changelog into its task, and unions. */
export class Pass extends Transform {
  override batch(_input: number, batch: Batch): void {
    this.next.batch(batch);
  }
}

/** Keeps the rows that satisfy a predicate over a batch. */
abstract class Select extends Transform {
  readonly #out: Batch;

  constructor(node: Node, next: FanOut) {
    super(node, next);
    this.#out = new Batch(changeLayout({ name: node.uid, fields: node.fields, from: [] }));
  }

  protected abstract predicate(batch: Batch): Predicate;

  override batch(_input: number, batch: Batch): void {
    const holds = this.predicate(batch);
    const out = this.#out;
    for (let row = 0; row < batch.count; row++) if (holds(row)) out.append(batch, row);
    if (out.count === 0) return;
    this.next.batch(out);
    out.clear();
  }
}

/** Rows whose fields have given values. */
export class Filter extends Select {
  readonly #node: FilterNode;

  constructor(node: FilterNode, next: FanOut) {
    super(node, next);
    this.#node = node;
  }

  protected override predicate(batch: Batch): Predicate {
    return compilePredicate(this.#node.fields, this.#node.condition, batch);
  }
}

/** The adds of a changelog. */
export class Events extends Select {
  constructor(node: EventsNode, next: FanOut) {
    super(node, next);
  }

  protected override predicate(batch: Batch): Predicate {
    const { kind } = changeColumns(batch);
    return (row) => kind.values[row] === ADD;
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
    this.#out = new Batch(changeLayout({ name: node.uid, fields: node.fields, from: [] }));
  }

  override batch(_input: number, batch: Batch): void {
    if (this.#cursorOf !== batch) {
      this.#cursorOf = batch;
      this.#cursor = rowCursor(batch, this.#inputFields);
    }
    const out = this.#out;
    for (let row = 0; row < batch.count; row++) {
      out.grow(row + 1);
      for (let c = 0; c < FIRST_FIELD; c++) out.columns[c]!.copy(row, batch.columns[c]!, row);
      const mapped = callUser(this.#node.uid, () => this.#node.map(this.#cursor.at(row)));
      writeFields(out, FIRST_FIELD, row, this.#node.fields, mapped);
    }
    out.count = batch.count;
    this.next.batch(out);
    out.clear();
  }
}
