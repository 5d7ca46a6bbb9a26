import type { Batch } from "../base/batch.ts";
import type { Column } from "../base/columns.ts";
import type { Fields } from "./model.ts";
import { RowOutput } from "./row-layout.ts";

/** The side output of an operator's rows that came too late, as they came: written row by row, handed on once a call. */
export class LateRows {
  readonly #out: RowOutput;
  readonly #handOn: (batch: Batch) => void;
  #from: Batch | undefined;
  #sources: readonly Column[] = [];

  /** `fields`: of the input. `forward`: `forwardTo` of the operator's context. */
  constructor(fields: Fields, tag: string, forward: (tag: string, batch: Batch) => void) {
    this.#out = new RowOutput(fields);
    this.#handOn = (batch) => forward(tag, batch);
  }

  add(batch: Batch, row: number): void {
    const { batch: out } = this.#out;
    if (this.#from !== batch) {
      this.#from = batch;
      this.#sources = out.layout.map(({ name }) => batch.column(name));
    }
    const to = out.count++;
    out.grow(out.count);
    for (let c = 0; c < this.#sources.length; c++) out.columns[c]!.copy(to, this.#sources[c]!, row);
    this.#out.flushIfFull(this.#handOn);
  }

  flush(): void {
    this.#out.flush(this.#handOn);
  }
}
