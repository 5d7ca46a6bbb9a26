import { Batch } from "../../base/batch.ts";
import { ADD, type ChangeColumns, changeColumns, changeLayout, isRead, OP } from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import { goesBack, notePosition, type SourcePosition } from "./source-position.ts";

/** What the insert stage tells besides its rows. Row numbers are those of the batch it was given. */
export interface InsertStageEvents {
  /** Adds; valid only during the call. */
  rows(batch: Batch): void;
  /** A change that is no insert, of a table that was said to have no other. */
  notInserted(batch: Batch, row: number): void;
  /** A position that goes back while time goes on: the source was failed over or restored. Nothing behind it is taken. */
  positionWentBack(batch: Batch, row: number): void;
}

/**
 * Stands where the row stage does for models of tables whose rows are only ever inserted: every insert is an add, and
 * nothing is kept of it, so that what the log says twice comes twice.
 */
export class InsertStage {
  readonly #events: InsertStageEvents;
  readonly #out: Batch;

  constructor(model: Model, events: InsertStageEvents) {
    this.#events = events;
    this.#out = new Batch(changeLayout(model));
  }

  /** Takes changes of one partition, in log order; they become adds where they are. */
  process(batch: Batch, source: SourcePosition): void {
    const change = changeColumns(batch);
    const { count } = batch;
    let row = 0;
    while (row < count && this.#isInsert(change, row, source)) change.kind.values[row++] = ADD;
    if (row === count) this.#events.rows(batch);
    else this.#copy(batch, change, row, source);
  }

  /** The inserts among changes of which the first is none. */
  #copy(batch: Batch, change: ChangeColumns, first: number, source: SourcePosition): void {
    const out = this.#out;
    for (let row = 0; row < first; row++) out.append(batch, row);
    for (let row = first; row < batch.count; row++) {
      if (wentBack(change, row, source)) {
        this.#events.positionWentBack(batch, row);
        break;
      }
      if (!this.#isInsert(change, row, source)) this.#events.notInserted(batch, row);
      else {
        change.kind.values[row] = ADD;
        out.append(batch, row);
      }
    }
    if (out.count > 0) this.#events.rows(out);
    out.clear();
  }

  #isInsert(change: ChangeColumns, row: number, source: SourcePosition): boolean {
    const kind = change.kind.values[row]!;
    if ((kind !== OP.create && !isRead(kind)) || wentBack(change, row, source)) return false;
    notePosition(change, row, change.time.values[row]!, source);
    return true;
  }
}

/** Rows of the seed have no time that could tell. */
function wentBack(change: ChangeColumns, row: number, source: SourcePosition): boolean {
  return goesBack(change, row, change.time.values[row]!, source);
}
