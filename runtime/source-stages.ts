import type { Batch } from "../base/batch.ts";
import type { ByteReader } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import { hours } from "../base/time.ts";
import { changeColumns } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import { type RecordFault, type SourceReader, type Suspension, TRANSACTIONS } from "../dataflow/source.ts";
import { keptModel } from "../dataflow/writes.ts";
import { InsertStage } from "./operators/insert-stage.ts";
import { type Retention, type RowBackend, RowStage } from "./operators/row-stage.ts";
import { nameOfRows, rowTable } from "./operators/row-table.ts";
import { raiseIncompatible } from "./operators/schema-difference.ts";
import { noPosition, type SourcePosition } from "./operators/source-position.ts";
import { WholeRowStage } from "./operators/whole-row-stage.ts";
import type { EngineAlert } from "./outbox.ts";
import { incompleteRow, incompleteWholeRow, notInserted, seedDiffers, snapshotAgain } from "./source-trouble.ts";
import type { SplitState } from "./split-state.ts";

/** Where what the stages make goes, during `process`. */
export interface SourceStagesEvents {
  /** Adds and retracts; valid only during the call. */
  rows(model: Model, batch: Batch): void;
  fault(fault: RecordFault): void;
  suspend(suspension: Suspension): void;
  engineAlert(alert: EngineAlert): void;
  /** A position went back while time went on: nothing behind it is taken. */
  positionWentBack(model: Model, batch: Batch, row: number): void;
}

/** What the stages of a source are made of. */
export interface SourceStagesOptions {
  readonly reader: SourceReader;
  /** All models that read the source. */
  readonly models: readonly Model[];
  /** Of a model's tables, those whose rows go on without a row stage, as indexes into its `from` (whole-rows.ts). Default: none. */
  readonly stageless?: (model: Model) => ReadonlySet<number>;
  /** How long deleted rows keep their position, in ms of event time. */
  readonly retainMs: number;
  readonly backend: RowBackend;
}

/**
 * A connector says again only what it said shortly before it stopped: in the last hour, or of a source where little happens, last.
 * An END that is not known is taken for one that is late, whatever its time.
 */
const ENDS_RETENTION: Retention = { ms: hours(1), rows: 10_000 };

/** Makes adds and retracts of a source's changes, by the stage that a model's table needs. */
export class SourceStages {
  /** The newest that was seen of the source. */
  readonly position: SourcePosition;
  readonly #reader: SourceReader;
  readonly #events: SourceStagesEvents;
  readonly #stageless: ReadonlyMap<Model, ReadonlySet<number>>;
  /** Of models with inserts only. */
  readonly #inserts: ReadonlyMap<Model, InsertStage>;
  /** Of other models, by the model's tables in this source. */
  readonly #rows: ReadonlyMap<Model, ReadonlyMap<number, RowStage>>;
  /** Of the other tables of models that have some without a row stage. */
  readonly #whole: ReadonlyMap<Model, WholeRowStage>;
  /** The split whose changes are at hand. */
  #split = 0;

  constructor({ reader, models, stageless, retainMs, backend }: SourceStagesOptions, events: SourceStagesEvents) {
    this.#reader = reader;
    this.#events = events;
    this.position = noPosition(reader.longestTransactionMs);
    this.#stageless = new Map(models.map((model) => [model, stageless?.(model) ?? NONE]));
    const changed = models.filter((one) => !one.insertsOnly);
    const whole = changed.filter((model) => this.#stageless.get(model)!.size > 0);
    this.#inserts = new Map(models.filter((one) => one.insertsOnly).map((one) => [one, this.#makeInsertStage(one)]));
    this.#rows = new Map(changed.map((model) => [model, this.#makeRowStages(model, retainMs, backend)]));
    this.#whole = new Map(whole.map((model) => [model, this.#makeWholeRowStage(model)]));
  }

  /** Takes changes of one table in log order. */
  process(model: Model, split: number, state: SplitState, batch: Batch): void {
    this.#split = split;
    const inserts = this.#inserts.get(model);
    if (inserts !== undefined) return inserts.process(batch, this.position);
    const table = changeColumns(batch).table.values[0]!;
    if (this.isStageless(model, table))
      return this.#whole.get(model)!.process(batch, this.position, state.snapshotOf(model));
    const stage = this.#rows.get(model)!.get(table)!;
    const before = stage.repeats;
    stage.process(batch, state.group, this.#positionOf(split), state.otherGroups);
    state.repeats += stage.repeats - before;
  }

  /** Whether rows of the model's table go on without a row stage. */
  isStageless(model: Model, table: number): boolean {
    return this.#stageless.get(model)!.has(table);
  }

  /** Those that keep rows. */
  rowStages(): RowStage[] {
    return [...this.#rows.values()].flatMap((stages) => [...stages.values()]);
  }

  /** Puts records of rows into a row stage's table, as they are in the store; those of a gathered topic where its first split has them. */
  put(name: string, groupOf: (table: string) => number, records: ByteReader): void {
    for (const [model, stages] of this.#rows) {
      for (const [index, stage] of stages) {
        if (stage.table !== name) continue;
        const group = groupOf(model.from[index]!.table);
        while (!records.isAtEnd) stage.put(group, records.block(), records.block());
        return;
      }
    }
    assert(false, `a row is of a table of ${this.#reader.source}, not of ${name}`);
  }

  /** Goes on from rows that are in the store. STATE_INCOMPATIBLE. */
  restore(rows: readonly { readonly table: string; readonly schema: string }[]): void {
    for (const stage of this.rowStages()) {
      const before = rows.find(({ table }) => table === stage.table)?.schema;
      if (before === undefined) continue;
      stage.restore(before, () => raiseIncompatible(nameOfRows(stage.table), before, stage.schema));
    }
  }

  /** Fields by which rows are related, as the row stage knows them of a row; undefined where it does not know the row. */
  knownFields(model: Model, table: number, group: number, row: string): Record<string, string> | undefined {
    const found = this.#rows.get(model)?.get(table)?.lookUp(group, row);
    if (found === undefined) return undefined;
    const { fields } = keptModel(model);
    const ids = Object.keys(fields).filter((name) => fields[name]!.kind === "id");
    const values = ids.map((name) => [name, found.column(name).get(0)] as const);
    return Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  }

  /** Ends of transactions have places in their topic only. */
  #positionOf(split: number): SourcePosition {
    return this.#reader.splits[split]!.table === TRANSACTIONS ? noPosition(0) : this.position;
  }

  /** One for each of the model's tables in this source. */
  #makeRowStages(model: Model, retainMs: number, backend: RowBackend): Map<number, RowStage> {
    const { source } = this.#reader;
    const events = {
      rows: (batch: Batch) => this.#events.rows(model, batch),
      incomplete: (batch: Batch, row: number) =>
        this.#events.fault(incompleteRow(this.#reader, this.#split, model, batch, row)),
      seedDiffers: (batch: Batch, row: number) => this.#events.engineAlert(seedDiffers(source, model, batch, row)),
      positionWentBack: (batch: Batch, row: number) => this.#events.positionWentBack(model, batch, row),
    };
    const tables = [...model.from.entries()].filter(
      ([at, from]) => from.source === source && !this.isStageless(model, at),
    );
    return new Map(
      tables.map(([index, { table }]) => {
        const retention = table === TRANSACTIONS ? ENDS_RETENTION : { ms: retainMs, rows: 0 };
        return [index, new RowStage(rowTable(source, table, model), model, retention, backend, events)];
      }),
    );
  }

  #makeWholeRowStage(model: Model): WholeRowStage {
    return new WholeRowStage(model, {
      rows: (batch) => this.#events.rows(model, batch),
      incomplete: (batch, row, before) =>
        this.#events.fault(incompleteWholeRow(this.#reader, this.#split, model, batch, row, before)),
      snapshotAgain: (batch, row) => this.#events.suspend(snapshotAgain(this.#reader, this.#split, model, batch, row)),
      positionWentBack: (batch, row) => this.#events.positionWentBack(model, batch, row),
    });
  }

  #makeInsertStage(model: Model): InsertStage {
    return new InsertStage(model, {
      rows: (batch) => this.#events.rows(model, batch),
      notInserted: (batch, row) => this.#events.fault(notInserted(this.#reader, this.#split, model, batch, row)),
      positionWentBack: (batch, row) => this.#events.positionWentBack(model, batch, row),
    });
  }
}

const NONE: ReadonlySet<number> = new Set();
