import type { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { ADD } from "../change-layout.ts";
import { KeyCursor } from "../key-cursor.ts";
import type { Fields } from "../model.ts";
import type { Control, KeyedState, Operator, OperatorContext, StateCodec } from "../operator.ts";
import { RowOutput, rowColumns } from "../row-layout.ts";
import { writeTime } from "../write-time.ts";
import { KeyLifetime } from "./key-lifetime.ts";

/** What an operator of this folder is made of. */
export interface KeyedRowsPlan<T> {
  /** The text column that holds the key. */
  readonly key: string;
  /** Of what is kept of a key. */
  readonly codec: StateCodec<T>;
  readonly emits: Fields;
  readonly ttlMs: number | undefined;
}

/**
 * An operator that keeps one value a key, looks at each row once, and ends what is kept by its ttl. A retract of a key
 * that nothing is kept of is dropped, and so is a row that comes when what would be kept of it has ended already.
 */
export abstract class KeyedRows<T> implements Operator {
  protected readonly output: RowOutput;
  protected readonly lifetime: KeyLifetime;
  protected state!: KeyedState<T>;
  readonly #plan: KeyedRowsPlan<T>;
  readonly #keys: KeyCursor;
  #context!: OperatorContext;
  #bound: Batch | undefined;
  #time = 0;
  #seed: number | null = null;

  constructor(plan: KeyedRowsPlan<T>) {
    this.#plan = plan;
    this.#keys = new KeyCursor(plan.key);
    this.lifetime = new KeyLifetime(plan.ttlMs);
    this.output = new RowOutput(plan.emits);
  }

  /** Takes the columns of the batch whose rows follow. */
  protected abstract bind(batch: Batch): void;

  /** A row of the bound batch, and what is kept of its key; gives what is kept now. Null: as it was, and nothing written. */
  protected abstract onRow(
    kept: T | undefined,
    key: Key,
    row: number,
    time: number,
    isAdd: boolean,
  ): T | null | undefined;

  open(context: OperatorContext): void {
    this.#context = context;
    this.state = context.state("rows", this.#plan.codec);
    this.lifetime.open(context, this.state);
  }

  batch(_input: number, batch: Batch): void {
    if (this.#bound !== batch) this.bind(batch);
    this.#bound = batch;
    const keys = this.#keys;
    keys.begin(batch);
    const { kind, time, seed } = rowColumns(batch);
    for (let row = 0; row < batch.count; row++) {
      if (keys.isNull(row)) continue;
      keys.moveTo(row);
      this.#time = time.values[row]!;
      this.#seed = seed.nulls[row] === 1 ? null : seed.values[row]!;
      this.#take(keys.key, row, kind.values[row] === ADD);
      this.flushIfFull();
    }
    this.flush();
  }

  control(_input: number, element: Control): void {
    this.lifetime.control(element);
  }

  end(): void {}

  save(out: ByteWriter): void {
    this.lifetime.save(out);
  }

  restore(saved: readonly ByteReader[]): void {
    this.lifetime.restore(saved);
  }

  /** A row that writes at this time begins no key. */
  protected isTooOld(time: number): boolean {
    return this.lifetime.isOver(time);
  }

  /** Begins a row of the output, at the time of the row that is looked at. */
  protected emit(kind: number): number {
    const row = this.output.add(kind, this.#time);
    if (this.#seed !== null) this.output.seeded(row, this.#seed);
    return row;
  }

  /** Hands on what was emitted if it is as much as a batch should be: one row may move many others of a ranking. */
  protected flushIfFull(): void {
    this.output.flushIfFull(this.#context.forward);
  }

  /** Hands on what was emitted. */
  protected flush(): void {
    this.output.flush(this.#context.forward);
  }

  #take(key: Key, row: number, isAdd: boolean): void {
    const { lifetime } = this;
    const time = writeTime(this.#time, this.#seed, lifetime.watermark);
    const before = this.state.get(key);
    if (before === undefined && (!isAdd || this.isTooOld(time))) return;
    const now = this.onRow(before, key, row, this.#time, isAdd);
    if (now === null) return;
    if (now === undefined) {
      this.state.delete(key);
      lifetime.cleared(key);
      return;
    }
    if (now !== before) this.state.set(key, now);
    lifetime.wrote(key, time);
  }
}
