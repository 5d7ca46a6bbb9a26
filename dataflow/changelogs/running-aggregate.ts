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
    const { batch } = this.output;
    if (kept === undefined) {
      const accumulator = aggregates.create();
      aggregates.add(accumulator, row);
      aggregates.write(accumulator, batch, this.emit(ADD), key);
      return accumulator;
    }
    aggregates.note(kept);
    if (isAdd) aggregates.add(kept, row);
    else aggregates.retract(kept, row);
    const isEmpty = !isAdd && aggregates.isEmpty(kept);
    if (!isEmpty && !this.#repeats && !aggregates.hasChanged(kept)) return kept;
    const before = this.emit(RETRACT);
    aggregates.writeNoted(batch, before, key);
    if (isEmpty) return undefined;
    const after = this.emit(ADD);
    aggregates.writeLike(kept, batch, after, key, before);
    if (!this.#repeats && isSameRow(batch, before, after)) batch.count -= 2;
    return kept;
  }
}
