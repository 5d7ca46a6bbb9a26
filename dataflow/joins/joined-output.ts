import type { Batch } from "../../base/batch.ts";
import type { Column } from "../../base/columns.ts";
import { ADD, currencyColumn } from "../change-layout.ts";
import type { Fields } from "../model.ts";
import { RowOutput } from "../row-layout.ts";
import { SIDES } from "./late-side.ts";
import { packedRows, type UnpackRow } from "./packed-rows.ts";
import { type Ref, type Selection, selectedFields } from "./selection.ts";

/** The fields of one side that a selection names, each once: what a join keeps of the side's rows. */
export function keptFields(selection: Selection, side: Ref["side"]): Fields {
  const named = Object.values(selection).filter((ref) => ref.side === side);
  return Object.fromEntries(named.map(({ name, field }) => [name, field]));
}

/** What a join hands on, written from rows of batches and from packed rows. */
export class JoinedOutput {
  readonly #rows: RowOutput;
  readonly #forward: (batch: Batch) => void;
  /** By side: writes a packed row of it into a row. */
  readonly unpack: readonly UnpackRow[];
  /** By side: makes its fields of a row null. */
  readonly #columns: readonly (readonly Column[])[];
  readonly #selection: Selection;

  /** `kept`: the fields of packed rows, by side, if there are more than those that are selected. */
  constructor(selection: Selection, forward: (batch: Batch) => void, kept?: readonly [Fields, Fields]) {
    this.#selection = selection;
    this.#rows = new RowOutput(selectedFields(selection));
    this.#forward = forward;
    const { batch } = this.#rows;
    this.unpack = SIDES.map((side, index) =>
      packedRows.unpacker(batch, kept?.[index] ?? keptFields(selection, side), (field) =>
        this.#named(side).flatMap(([name, ref]) => (ref.name === field ? [name] : [])),
      ),
    );
    this.#columns = SIDES.map((side) =>
      this.#named(side).flatMap(([name, { field }]) => columnsOf(batch, name, field.kind === "money")),
    );
  }

  /** Begins a row; the fields of both sides are the caller's to write. */
  add(time: number, kind: number = ADD): number {
    this.#rows.flushIfFull(this.#forward);
    return this.#rows.add(kind, time);
  }

  /** Marks a row as one of the seed. */
  seeded(row: number, seed: number): void {
    this.#rows.seeded(row, seed);
  }

  /** Makes what writes a row of a side's batch into a row. */
  copier(side: number, from: Batch): (row: number, fromRow: number) => void {
    const sources = this.#named(SIDES[side]!).flatMap(([, { name, field }]) =>
      columnsOf(from, name, field.kind === "money"),
    );
    const targets = this.#columns[side]!;
    return (row, fromRow) => {
      for (let c = 0; c < targets.length; c++) targets[c]!.copy(row, sources[c]!, fromRow);
    };
  }

  /** Writes nulls for the fields of a side. */
  pad(side: number, row: number): void {
    const columns = this.#columns[side]!;
    for (let c = 0; c < columns.length; c++) columns[c]!.nulls[row] = 1;
  }

  /** Hands on what was written. */
  flush(): void {
    this.#rows.flush(this.#forward);
  }

  #named(side: Ref["side"]): [string, Ref][] {
    return Object.entries(this.#selection).filter(([, ref]) => ref.side === side);
  }
}

function columnsOf(batch: Batch, name: string, isMoney: boolean): Column[] {
  return isMoney ? [batch.column(name), batch.column(currencyColumn(name))] : [batch.column(name)];
}
