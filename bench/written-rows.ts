import { Batch } from "../base/batch.ts";
import { type ChangeColumns, changeColumns, changeLayout, FIRST_FIELD, OP } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import { writeFields } from "../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader } from "../dataflow/source.ts";

/** A source of one split, whose rows are made as they are read. */
export abstract class WrittenRows implements SourceReader {
  abstract readonly source: string;
  readonly longestTransactionMs = 0;
  readonly splits = [{ topic: "rows", partition: 0, table: "rows", heartbeat: false }];

  abstract read(split: number, maxBytes: number, output: SourceOutput): boolean;

  formatPosition(...parts: readonly number[]): string {
    return parts.join("/");
  }

  position(): number {
    return 0;
  }

  endOffset(): number {
    return 0;
  }

  save(): void {}

  restore(): void {}

  close(): void {}
}

/** Rows of a model that are created, a batch at a time. */
export class CreatedRows {
  readonly batch: Batch;
  readonly #model: Model;
  readonly #meta: ChangeColumns;

  /** `rows`: the most of a batch. */
  constructor(model: Model, rows: number) {
    this.#model = model;
    this.batch = new Batch(changeLayout(model), rows);
    this.#meta = changeColumns(this.batch);
  }

  /** Appends a row; its number is its primary key, and its position. */
  create(number: number, time: number, values: Readonly<Record<string, unknown>>): void {
    const { batch } = this;
    const meta = this.#meta;
    const row = batch.count++;
    meta.kind.set(row, OP.create);
    meta.time.set(row, time);
    meta.seed.nulls[row] = 1;
    meta.row.set(row, String(number));
    meta.major.set(row, 1);
    meta.minor.set(row, number);
    for (const column of [meta.sub, meta.offset]) column.set(row, 0);
    meta.table.set(row, 0);
    meta.absent.set(row, 0);
    writeFields(batch, FIRST_FIELD, row, this.#model.fields, values);
  }
}
