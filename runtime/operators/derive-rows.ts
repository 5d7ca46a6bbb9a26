import { Batch } from "../../base/batch.ts";
import { raise } from "../../base/errors.ts";
import { atPlace, thrownText } from "../../base/stacks.ts";
import { changeColumns, FIRST_FIELD, fieldLayout } from "../../dataflow/change-layout.ts";
import { type DeriveNode, layoutOf } from "../../dataflow/graph.ts";
import type { Fields } from "../../dataflow/model.ts";
import type { Control } from "../../dataflow/operator.ts";
import { type RowCursor, rowCursor } from "../../dataflow/row-view.ts";
import { writeFields } from "../../dataflow/row-writer.ts";
import type { FanOut } from "./receiver.ts";
import { Transform } from "./transforms.ts";

/** The rows of a derived model: the fixed columns of the changes that they are made of, and fields that a function gives. */
export class DeriveRows extends Transform {
  readonly #node: DeriveNode;
  readonly #inputFields: Fields;
  /** The derived fields of the batch at hand. */
  readonly #fields: Batch;
  #viewOf: Batch | undefined;
  #view!: Batch;
  #cursor!: RowCursor<Fields>;

  constructor(node: DeriveNode, next: FanOut) {
    super(node, next);
    this.#node = node;
    this.#inputFields = node.inputs[0]!.fields;
    this.#fields = new Batch(fieldLayout(node.fields));
  }

  override batch(_input: number, batch: Batch): void {
    if (this.#viewOf !== batch) {
      this.#viewOf = batch;
      const columns = [...batch.columns.slice(0, FIRST_FIELD), ...this.#fields.columns];
      this.#view = Batch.over(layoutOf(this.#node), columns);
      this.#cursor = rowCursor(batch, this.#inputFields);
    }
    const { fields, derive } = this.#node;
    const view = this.#view;
    const cursor = this.#cursor;
    this.#fields.clear();
    this.#fields.grow(batch.count);
    let row = 0;
    try {
      for (; row < batch.count; row++) writeFields(view, FIRST_FIELD, row, fields, derive(cursor.at(row)));
    } catch (error) {
      this.#fail(batch, row, error);
    }
    view.count = batch.count;
    this.next.batch(view);
  }

  /** The ids that a faulty record has are the raw model's, which says nothing of those that the function would make. */
  override control(input: number, element: Control): void {
    super.control(input, element.type === "fault" ? { ...element, fields: [] } : element);
  }

  #fail(batch: Batch, row: number, error: unknown): never {
    const change = changeColumns(batch);
    const { model } = this.#node;
    const { source, table } = model.from[change.table.values[row]!]!;
    const place = { model: model.name, at: atPlace(error), row: change.row.text(row), table: `${source}.${table}` };
    const record = { offset: change.offset.values[row]!, read: "" };
    return raise("JOB_DERIVE_FAILED", { ...place, ...record, reason: thrownText(error) }, { cause: error });
  }
}
