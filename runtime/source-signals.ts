import type { Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import type { RecordFault, SchemaChange, SourceReader, Suspension } from "../dataflow/source.ts";
import type { EngineAlert } from "./outbox.ts";
import type { SourceStages } from "./source-stages.ts";

/** Where what is wrong with a source is told, and to the models that it concerns. */
export interface SignalTarget {
  control(model: Model, element: Control): void;
  engineAlert(alert: EngineAlert): void;
  fault(fault: RecordFault): void;
  suspension(suspension: Suspension): void;
  /** What a suspension stopped goes on by itself. */
  mended(suspension: string): void;
  schemaChange(change: SchemaChange): void;
}

/** Tells what is wrong with a source, so that the checks behind it know what they do not see. */
export class SourceSignals {
  readonly #reader: SourceReader;
  readonly #models: readonly Model[];
  readonly #stages: SourceStages;
  readonly #target: SignalTarget;

  constructor(reader: SourceReader, models: readonly Model[], stages: SourceStages, target: SignalTarget) {
    this.#reader = reader;
    this.#models = models;
    this.#stages = stages;
    this.#target = target;
  }

  /** A fault goes on with what the row stage knows of the row, so that the checks can tell which keys it hides. `group`: of its split. */
  fault(fault: RecordFault, group: number): void {
    this.#target.fault(fault);
    for (const model of this.#models) {
      const table = this.#tableIndex(model, fault.table);
      if (table < 0) continue;
      if (this.#stages.isStageless(model, table)) this.#hideWhole(model, fault);
      else this.#hide(model, fault, table, group);
    }
  }

  /** Records behind the one that told of it may have a time before its own, by as much as a transaction takes. */
  suspend(told: Suspension): void {
    const suspension = { ...told, time: told.time - this.#reader.longestTransactionMs };
    this.#target.suspension(suspension);
    for (const model of this.#models) {
      if (suspension.models.includes(model.name)) this.#target.control(model, { type: "suspension", suspension });
    }
  }

  /** What a suspension stopped goes on by itself. */
  mended(suspension: string): void {
    this.#target.mended(suspension);
    for (const model of this.#models) this.#target.control(model, { type: "resumed", suspension });
  }

  #hide(model: Model, fault: RecordFault, table: number, group: number): void {
    const known = fault.row === undefined ? undefined : this.#stages.knownFields(model, table, group, fault.row);
    const own = model.writes === undefined || fault.row === undefined ? {} : { rowId: fault.row };
    const fields = [{ ...fault.fields?.[model.name], ...own }, known ?? {}];
    this.#target.control(model, { type: "fault", fault, fields });
  }

  /** What the row was is known to nobody but the record: where its key cannot be told, it may be any. */
  #hideWhole(model: Model, fault: RecordFault): void {
    const rows = { after: fault.fields, before: fault.fieldsBefore };
    for (const row of ["after", "before"] as const) {
      if (fault.only === undefined || fault.only === row)
        this.#target.control(model, { type: "fault", fault, fields: [rows[row]?.[model.name] ?? {}] });
    }
  }

  #tableIndex(model: Model, table: string): number {
    return model.from.findIndex((from) => from.source === this.#reader.source && from.table === table);
  }
}
