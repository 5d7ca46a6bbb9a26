import type { Batch } from "../../base/batch.ts";
import type { Key } from "../../base/key.ts";
import { ADD, RETRACT } from "../change-layout.ts";
import { type KeptRow, rowTaker } from "../kept-rows.ts";
import type { Fields } from "../model.ts";
import { avroCodec, fieldsCodec } from "../state-codec.ts";
import { KeyedRows } from "./keyed-rows.ts";
import { rowCopier, rowPutter } from "./row-writers.ts";
import { isSameKept } from "./same-row.ts";

/** Hands on the first row of each key, by arrival. */
export class FirstRow extends KeyedRows<boolean> {
  readonly #fields: Fields;
  #copy!: (row: number, to: number) => void;

  constructor(fields: Fields, key: string, ttlMs: number | undefined) {
    super({ key, codec: avroCodec<boolean>("boolean"), emits: fields, ttlMs });
    this.#fields = fields;
  }

  protected override bind(batch: Batch): void {
    this.#copy = rowCopier(batch, this.output.batch, this.#fields);
  }

  protected override onRow(kept: boolean | undefined, _key: Key, row: number): boolean | null {
    if (kept !== undefined) return null;
    this.#copy(row, this.emit(ADD));
    return true;
  }
}

/** The last row of a key so far. */
interface Last {
  readonly time: number;
  readonly row: KeptRow;
}

/** Keeps the last row of each key: the latest by event time, or the one that came last. */
export class LastRow extends KeyedRows<Last> {
  readonly #fields: Fields;
  readonly #byTime: boolean;
  /** What is emitted again and again keeps what is computed of it from ending. */
  readonly #repeats: boolean;
  readonly #put: (row: number, kept: KeptRow) => void;
  #copy!: (row: number, to: number) => void;
  #take!: (row: number) => KeptRow;

  constructor(fields: Fields, key: string, byTime: boolean, ttlMs: number | undefined) {
    const parts = [
      { name: "time", type: "double" },
      { name: "row", type: JSON.parse(fieldsCodec(fields).schema) },
    ];
    super({ key, codec: avroCodec<Last>({ type: "record", name: "Last", fields: parts }), emits: fields, ttlMs });
    this.#fields = fields;
    this.#byTime = byTime;
    this.#repeats = ttlMs !== undefined;
    this.#put = rowPutter(this.output.batch, fields);
  }

  protected override bind(batch: Batch): void {
    this.#copy = rowCopier(batch, this.output.batch, this.#fields);
    this.#take = rowTaker(batch, this.#fields);
  }

  protected override onRow(kept: Last | undefined, _key: Key, row: number, time: number): Last | null {
    if (kept !== undefined && this.#byTime && time < kept.time) return null;
    const last = this.#take(row);
    if (kept !== undefined) {
      if (!this.#byTime && !this.#repeats && isSameKept(this.#fields, kept.row, last)) return null;
      this.#put(this.emit(RETRACT), kept.row);
    }
    this.#copy(row, this.emit(ADD));
    return { time, row: last };
  }
}
