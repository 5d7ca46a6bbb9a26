import type { Batch } from "../../base/batch.ts";
import type { Key } from "../../base/key.ts";
import type { Accumulator, CompiledAggregates } from "../aggregates/compiled.ts";
import { ADD, RETRACT } from "../change-layout.ts";
import { KeyedRows } from "./keyed-rows.ts";
import { isSameRow } from "./same-row.ts";

/** Aggregates of all rows of a key, kept right with each row: the result so far is retracted, and the new one added. */
export class RunningAggregate extends KeyedRows<Accumulator> {
  readonly #aggregates: CompiledAggregates;
  /** What is emitted again and again keeps what is computed of it from ending. */
  readonly #repeats: boolean;

  constructor(aggregates: CompiledAggregates, key: string, ttlMs: number | undefined) {
    super({ key, codec: aggregates.codec, emits: aggregates.fields, ttlMs });
    this.#aggregates = aggregates;
    this.#repeats = ttlMs !== undefined;
  }

  protected override bind(batch: Batch): void {
    this.#aggregates.bind(batch);
  }

  protected override onRow(
    kept: Accumulator | undefined,
    key: Key,
    row: number,
    _time: number,
    isAdd: boolean,
  ): Accumulator | undefined {
    const aggregates = this.#aggregates;
    const accumulator = kept ?? aggregates.create();
    const before = kept === undefined ? -1 : this.#show(RETRACT, key, accumulator);
    if (isAdd) aggregates.add(accumulator, row);
    else {
      aggregates.retract(accumulator, row);
      if (aggregates.isEmpty(accumulator)) return undefined;
    }
    const after = this.#show(ADD, key, accumulator);
    const { batch } = this.output;
    if (before >= 0 && !this.#repeats && isSameRow(batch, before, after)) batch.count -= 2;
    return accumulator;
  }

  #show(kind: number, key: Key, accumulator: Accumulator): number {
    const row = this.emit(kind);
    this.#aggregates.write(accumulator, this.output.batch, row, key);
    return row;
  }
}
