import type { Batch } from "../base/batch.ts";
import { BEFORE_ALL_TIME, formatTime } from "../base/time.ts";
import { changeColumns } from "../dataflow/change-layout.ts";
import { columnOf, type Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import type { RecordFault, SourceOutput, SourceReader, Suspension } from "../dataflow/source.ts";
import { SourceFrontier } from "./frontier.ts";
import { RowStage, type SourcePosition } from "./operators/row-stage.ts";

/** Trouble of a source; `id` stays the same when it repeats. */
export interface EngineAlert {
  readonly id: string;
  readonly code: string;
  readonly source: string;
  readonly message: string;
}

/** Where a source's changes go: the entries of the first task, by model. */
export interface SourceTarget {
  batch(model: Model, batch: Batch): void;
  control(model: Model, element: Control): void;
  engineAlert(alert: EngineAlert): void;
  fault(fault: RecordFault): void;
  suspension(suspension: Suspension): void;
}

/** Counts of one source. */
export interface SourceMetrics {
  readonly source: string;
  changes: number;
  repeats: number;
  faults: number;
  rows: number;
  frontier: number;
}

/** Drives one source: reader, row stages, frontier. Reads what it is told to, and hands on in the channel's order. */
export class SourceDriver {
  readonly reader: SourceReader;
  /** Set when the source must not be read on: its positions went back. */
  stopped = false;
  readonly #models: readonly Model[];
  readonly #target: SourceTarget;
  readonly #frontier: SourceFrontier;
  readonly #stages: ReadonlyMap<Model, RowStage>;
  readonly #position: SourcePosition;
  readonly #ended: boolean[];
  /** The split that is being read. */
  #reading = 0;
  #emitted = BEFORE_ALL_TIME;
  #changes = 0;
  #faults = 0;
  readonly #output: SourceOutput;

  constructor(reader: SourceReader, models: readonly Model[], retainMs: number, target: SourceTarget) {
    this.reader = reader;
    this.#models = models;
    this.#target = target;
    this.#frontier = new SourceFrontier(reader.splits, reader.longestTransactionMs, reader);
    const { longestTransactionMs } = reader;
    this.#position = { major: -1, minor: -1, sub: -1, time: BEFORE_ALL_TIME, longestTransactionMs };
    this.#stages = new Map(models.map((model) => [model, this.#makeStage(model, retainMs)]));
    this.#ended = reader.splits.map(() => false);
    this.#output = this.#makeOutput();
  }

  /** Splits that can still be read. */
  openSplits(): number[] {
    if (this.stopped) return [];
    return this.#ended.flatMap((ended, split) => (ended ? [] : [split]));
  }

  /** Event time through which a split has been read: who reads the furthest behind first keeps the least in wait. */
  readThrough(split: number): number {
    return this.#frontier.provenOf(split);
  }

  /** Reads a part of a split and hands it on, then the frontier if it moved. False when nothing was there. */
  read(split: number, maxBytes: number): boolean | Promise<boolean> {
    this.#reading = split;
    const result = this.reader.read(split, maxBytes, this.#output);
    if (typeof result === "boolean") return this.#afterRead(result);
    return result.then((some) => this.#afterRead(some));
  }

  /** All splits have ended. */
  get ended(): boolean {
    return this.#ended.every(Boolean);
  }

  /** The frontier as last handed on. */
  get frontier(): number {
    return this.#emitted;
  }

  metrics(): SourceMetrics {
    let repeats = 0;
    let rows = 0;
    for (const stage of this.#stages.values()) {
      repeats += stage.repeats;
      rows += stage.size;
    }
    const { source } = this.reader;
    return { source, changes: this.#changes, repeats, faults: this.#faults, rows, frontier: this.#emitted };
  }

  #afterRead(some: boolean): boolean {
    if (this.stopped) return some;
    const through = this.#frontier.through();
    if (through > this.#emitted) {
      this.#emitted = through;
      const element = { type: "frontier", source: this.reader.source, through, since: this.#frontier.since } as const;
      for (const model of this.#models) this.#target.control(model, element);
      for (const stage of this.#stages.values()) stage.forgetBefore(through);
    }
    return some;
  }

  /** What the reader hands out goes nowhere once the source is stopped: nothing behind that place is proven or ended. */
  #makeOutput(): SourceOutput {
    const unlessStopped =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A) => {
        if (!this.stopped) act(...args);
      };
    return {
      changes: unlessStopped((model, _split, batch) => {
        this.#changes += batch.count;
        if (this.#emitted > BEFORE_ALL_TIME) dateSeed(batch);
        this.#stages.get(model)!.process(batch, this.#position);
      }),
      progress: unlessStopped((split, time) => this.#frontier.progress(split, time)),
      seeded: unlessStopped((_split, time) => {
        if (this.#emitted === BEFORE_ALL_TIME) this.#frontier.seeded(time);
      }),
      heartbeat: unlessStopped((time) => this.#frontier.heartbeat(time)),
      ended: unlessStopped((split, time) => {
        this.#ended[split] = true;
        this.#frontier.ended(split, time);
      }),
      fault: unlessStopped((_split, fault) => this.#fault(fault)),
      suspend: unlessStopped((_split, suspension) => this.#suspend(suspension)),
    };
  }

  #makeStage(model: Model, retainMs: number): RowStage {
    return new RowStage(model, retainMs, {
      rows: (batch) => this.#target.batch(model, batch),
      incomplete: (batch, row) => this.#incomplete(model, batch, row),
      seedDiffers: (batch, row) => this.#seedDiffers(model, batch, row),
      positionWentBack: (batch, row) => this.#positionWentBack(model, batch, row),
    });
  }

  /** A fault goes on with what the row stage knows of the row, so that the checks can tell which keys it hides. */
  #fault(fault: RecordFault): void {
    this.#faults++;
    this.#target.fault(fault);
    for (const model of this.#models.filter((candidate) => this.#reads(candidate, fault.table))) {
      const known = fault.row === undefined ? undefined : this.#knownFields(model, fault.table, fault.row);
      this.#target.control(model, { type: "fault", fault, fields: [fault.fields?.[model.name] ?? {}, known ?? {}] });
    }
  }

  #knownFields(model: Model, table: string, row: string): Record<string, string> | undefined {
    const found = this.#stages.get(model)!.lookUp(this.#tableIndex(model, table), row);
    if (found === undefined) return undefined;
    const ids = Object.keys(model.fields).filter((name) => model.fields[name]!.kind === "id");
    const values = ids.map((name) => [name, found.batch.column(name).get(found.row)] as const);
    return Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  }

  #suspend(suspension: Suspension): void {
    this.#target.suspension(suspension);
    for (const model of this.#models) {
      if (suspension.models.includes(model.name)) this.#target.control(model, { type: "suspension", suspension });
    }
  }

  #incomplete(model: Model, batch: Batch, row: number): void {
    const change = changeColumns(batch);
    const { topic, partition } = this.reader.splits[this.#reading]!;
    const { table } = model.from[change.table.values[row]!]!;
    const offset = change.offset.values[row]!;
    const left = Object.keys(model.fields).filter((_, index) => (change.absent.values[row]! & (1 << index)) !== 0);
    const names = left.map((name) => columnOf(name, model.fields[name]!)).join(", ");
    this.#fault({
      id: `${topic}/${partition}/${offset}`,
      source: this.reader.source,
      table,
      topic,
      partition,
      offset,
      code: "ROW_INCOMPLETE",
      message: `Debezium left out ${names} and the row was not seen before. Read the table's snapshot, or set REPLICA IDENTITY FULL.`,
      row: change.row.text(row),
      key: null,
      value: null,
    });
  }

  #seedDiffers(model: Model, batch: Batch, row: number): void {
    const { table, row: rows } = changeColumns(batch);
    const { source } = this.reader;
    const name = model.from[table.values[row]!]!.table;
    this.#target.engineAlert({
      id: `SEED_DIFFERS/${source}/${name}`,
      code: "SEED_DIFFERS",
      source,
      message: `A later snapshot of ${name} differs from the changes seen of row ${rows.text(row)}: changes were missed.`,
    });
  }

  #positionWentBack(model: Model, batch: Batch, row: number): void {
    if (this.stopped) return;
    this.stopped = true;
    const change = changeColumns(batch);
    const { source } = this.reader;
    const at = this.reader.formatPosition(
      change.major.values[row]!,
      change.minor.values[row]!,
      change.sub.values[row]!,
    );
    const table = model.from[change.table.values[row]!]!.table;
    this.#target.engineAlert({
      id: `POSITION_WENT_BACK/${source}`,
      code: "POSITION_WENT_BACK",
      source,
      message:
        `Positions of ${source} went back to ${at} (${table}, ${formatTime(change.time.values[row]!)}) while time went on: ` +
        "a failover or a restore. The source is stopped. Name the time in `epochs` of the source (`countercheck source new-epoch`) and run again.",
    });
  }

  #tableIndex(model: Model, table: string): number {
    return model.from.findIndex((from) => from.source === this.reader.source && from.table === table);
  }

  #reads(model: Model, table: string): boolean {
    return this.#tableIndex(model, table) >= 0;
  }
}

/**
 * Rows of a snapshot that is read when the source's history has begun already, of a table added later perhaps: they are
 * as good as changes at the time at which the snapshot was taken.
 */
function dateSeed(batch: Batch): void {
  const { time, seed } = changeColumns(batch);
  for (let row = 0; row < batch.count; row++) {
    if (seed.nulls[row] === 1) continue;
    time.values[row] = seed.values[row]!;
    seed.nulls[row] = 1;
  }
}
