import type { Batch } from "../../base/batch.ts";
import { ADD } from "../change-layout.ts";
import type { Fields } from "../model.ts";
import { FIRST_ROW_FIELD, RowOutput } from "../row-layout.ts";
import { writeFields } from "../row-writer.ts";

/** Where the functions of an operator emit: its output or one of its side outputs. */
export class ProcessOutput {
  readonly #fields: Fields;
  readonly #forward: (batch: Batch) => void;
  readonly #rows: RowOutput;

  /** `forward` hands a batch on. */
  constructor(fields: Fields, forward: (batch: Batch) => void) {
    this.#fields = fields;
    this.#forward = forward;
    this.#rows = new RowOutput(fields);
  }

  /** Adds a row of an event time, and of the seed where its time is given. JOB_WRONG_VALUE. */
  emit(values: unknown, time: number, seed: number | null): void {
    this.#rows.flushIfFull(this.#forward);
    const row = this.#rows.add(ADD, time);
    if (seed !== null) this.#rows.seeded(row, seed);
    writeFields(this.#rows.batch, FIRST_ROW_FIELD, row, this.#fields, values as Readonly<Record<string, unknown>>);
  }

  /** Hands on what was emitted. */
  flush(): void {
    this.#rows.flush(this.#forward);
  }
}
