import type { Batch } from "../../base/batch.ts";
import type { Key } from "../../base/key.ts";
import { AFTER_ALL_TIME } from "../../base/time.ts";
import { ADD } from "../change-layout.ts";
import { type KeptRow, rowTaker } from "../kept-rows.ts";
import { LateRows } from "../late-rows.ts";
import { LATE } from "../late-side.ts";
import type { Fields } from "../model.ts";
import type { Control, OperatorContext, Timers } from "../operator.ts";
import { avroCodec, fieldsCodec } from "../state-codec.ts";
import { KeyedRows } from "./keyed-rows.ts";
import { rowPutter } from "./row-writers.ts";

/** The earliest row of a key so far; without the row once it was handed on. */
interface Earliest {
  readonly time: number;
  readonly row: KeptRow | null;
}

/**
 * Hands on the earliest row of each key by event time, when the watermark proves that none is earlier. Rows at or
 * before the watermark, and those without event time, go aside.
 */
export class EarliestRow extends KeyedRows<Earliest> {
  readonly #fields: Fields;
  readonly #put: (row: number, kept: KeptRow) => void;
  #late!: LateRows;
  #timers!: Timers;
  #batch!: Batch;
  #take!: (row: number) => KeptRow;

  constructor(fields: Fields, key: string, ttlMs: number | undefined) {
    const row = ["null", JSON.parse(fieldsCodec(fields).schema)] as const;
    const parts = [
      { name: "time", type: "double" },
      { name: "row", type: row },
    ];
    super({
      key,
      codec: avroCodec<Earliest>({ type: "record", name: "Earliest", fields: parts }),
      emits: fields,
      ttlMs,
    });
    this.#fields = fields;
    this.#put = rowPutter(this.output.batch, fields);
  }

  override open(context: OperatorContext): void {
    super.open(context);
    this.#timers = context.timers("event");
    this.#late = new LateRows(this.#fields, LATE, context.forwardTo);
  }

  override control(input: number, element: Control): void {
    // Before the ttl ends what has not been handed on yet.
    if (element.type === "watermark") this.#emitThrough(element.time);
    super.control(input, element);
  }

  override end(): void {
    this.#emitThrough(AFTER_ALL_TIME);
  }

  override batch(input: number, batch: Batch): void {
    super.batch(input, batch);
    this.#late.flush();
  }

  protected override bind(batch: Batch): void {
    this.#batch = batch;
    this.#take = rowTaker(batch, this.#fields);
  }

  protected override onRow(kept: Earliest | undefined, key: Key, row: number, time: number): Earliest | null {
    if (time <= this.lifetime.watermark) {
      this.#late.add(this.#batch, row);
      return null;
    }
    if (kept !== undefined && (kept.row === null || kept.time <= time)) return null;
    this.#timers.register(key, time);
    return { time, row: this.#take(row) };
  }

  /** What is too old for a ttl is late, too. */
  protected override isTooOld(): boolean {
    return false;
  }

  #emitThrough(time: number): void {
    for (let due = this.#timers.next(time); due !== undefined; due = this.#timers.next(time)) {
      const kept = this.state.get(due.key);
      // The timer of a row that an earlier one has replaced.
      if (kept === undefined || kept.row === null || kept.time !== due.time) continue;
      this.flushIfFull();
      this.#put(this.output.add(ADD, kept.time), kept.row);
      this.state.set(due.key, { time: kept.time, row: null });
    }
    this.flush();
  }
}
