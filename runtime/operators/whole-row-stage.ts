import { Batch } from "../../base/batch.ts";
import { BytesColumn, type Column, Float64Column, type Int32Column, Int64Column } from "../../base/columns.ts";
import {
  ADD,
  AS_IT_WAS,
  type ChangeColumns,
  changeColumns,
  changeLayout,
  FIRST_FIELD,
  isCurrencyColumn,
  OP,
  RETRACT,
} from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import type { SnapshotPlace } from "./snapshot-place.ts";
import { goesBack, notePosition, type SourcePosition, timeOf } from "./source-position.ts";

/** What the stage tells besides its rows. Row numbers are those of the batch it was given. */
export interface WholeRowStageEvents {
  /** Adds and retracts; valid only during the call. */
  rows(batch: Batch): void;
  /** A value was left out in one of the change's rows, `row`, and the other does not have it. `before`: there is a row before it. */
  incomplete(batch: Batch, row: number, before: number | undefined): void;
  /** A snapshot was begun anew: what became of rows between it and what was read before is not known. */
  snapshotAgain(batch: Batch, row: number): void;
  /** A position that goes back while time goes on: the source was failed over or restored. Nothing behind it is taken. */
  positionWentBack(batch: Batch, row: number): void;
}

/**
 * Stands where the row stage does for tables whose changes say the whole row before them: what was is taken back as the
 * change says it, and nothing is kept of rows. So repeats go on as repeats, and are for the reader to drop (whole-rows.ts);
 * an update that leaves the fields as they were goes on as an add, for it may be the first that is read of its row.
 */
export class WholeRowStage {
  readonly #events: WholeRowStageEvents;
  readonly #out: Batch;
  /** Of a field's columns, its number. */
  readonly #fieldOf: readonly number[];
  /** So many rows of the batch at hand stand where they stood, and none of it was copied. */
  #standing = 0;

  constructor(model: Model, events: WholeRowStageEvents) {
    this.#events = events;
    this.#out = new Batch(changeLayout(model));
    let field = -1;
    this.#fieldOf = this.#out.layout.slice(FIRST_FIELD).map(({ name }) => (isCurrencyColumn(name) ? field : ++field));
  }

  /** Takes changes of one partition of its table, in log order, which become adds and retracts where they are. */
  process(batch: Batch, source: SourcePosition, snapshot: SnapshotPlace): void {
    const change = changeColumns(batch);
    this.#standing = 0;
    let row = 0;
    while (row < batch.count) {
      const kind = change.kind.values[row]!;
      const after = kind === OP.before ? row + 1 : row;
      if (goesBack(change, after, timeOf(change, after), source)) {
        this.#leaveOut(batch, row);
        this.#events.positionWentBack(batch, after);
        break;
      }
      notePosition(change, after, timeOf(change, after), source);
      if (snapshot.isAgain(change, after)) this.#events.snapshotAgain(batch, after);
      if (kind === OP.before) this.#changed(batch, change, row);
      else this.#came(batch, change, row);
      row = after + 1;
    }
    const rows = this.#standing === batch.count ? batch : this.#out;
    if (rows.count > 0) this.#events.rows(rows);
    this.#out.clear();
  }

  /** An insert, or a row of a snapshot. */
  #came(batch: Batch, change: ChangeColumns, row: number): void {
    if (change.absent.values[row] === 0) return this.#put(batch, change, row, ADD);
    this.#leaveOut(batch, row);
    this.#events.incomplete(batch, row, undefined);
  }

  /** The row before an update or delete, in `row`, and behind it the change. */
  #changed(batch: Batch, change: ChangeColumns, row: number): void {
    const after = row + 1;
    const absent = change.absent.values;
    if (absent[row] !== 0) {
      this.#leaveOut(batch, row);
      return this.#events.incomplete(batch, row, row);
    }
    if (change.kind.values[after] === OP.delete) {
      this.#put(batch, change, row, RETRACT);
      return this.#leaveOut(batch, after);
    }
    if (absent[after] !== 0) this.#fill(batch, after, absent[after]!);
    if (isSame(batch, row, after)) {
      this.#leaveOut(batch, row);
      return this.#put(batch, change, after, ADD, AS_IT_WAS);
    }
    this.#put(batch, change, row, RETRACT);
    this.#put(batch, change, after, ADD);
  }

  /** Puts the values of the row before where Debezium left them out. */
  #fill({ columns }: Batch, row: number, absent: number): void {
    for (const [i, field] of this.#fieldOf.entries()) {
      const column = columns[FIRST_FIELD + i]!;
      if ((absent & (1 << field)) !== 0) column.copy(row, column, row - 1);
    }
  }

  #put(batch: Batch, change: ChangeColumns, row: number, kind: number, absent = 0): void {
    change.kind.values[row] = kind;
    change.absent.values[row] = absent;
    if (row === this.#standing) this.#standing++;
    else this.#out.append(batch, row);
  }

  /** From a row on that does not go on, those that do are copied. */
  #leaveOut(batch: Batch, row: number): void {
    if (row !== this.#standing) return;
    this.#standing = -1;
    for (let standing = 0; standing < row; standing++) this.#out.append(batch, standing);
  }
}

/** True where two rows of a batch have the same fields. */
function isSame({ columns }: Batch, one: number, other: number): boolean {
  for (let c = FIRST_FIELD; c < columns.length; c++) if (!isEqual(columns[c]!, one, other)) return false;
  return true;
}

function isEqual(column: Column, one: number, other: number): boolean {
  if (column.nulls[one] !== column.nulls[other]) return false;
  if (column.nulls[one] === 1) return true;
  if (column instanceof BytesColumn) return column.equals(one, column, other);
  if (column instanceof Int64Column) {
    const { words } = column;
    return words[2 * one] === words[2 * other] && words[2 * one + 1] === words[2 * other + 1];
  }
  const { values } = column as Int32Column | Float64Column;
  // NaN is the same as itself here.
  return values[one] === values[other] || (column instanceof Float64Column && Object.is(values[one], values[other]));
}
