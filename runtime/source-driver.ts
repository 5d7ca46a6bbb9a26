import type { Batch } from "../base/batch.ts";
import { type ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME, hours } from "../base/time.ts";
import { changeColumns, OP } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import {
  type RecordFault,
  type SchemaChange,
  type SourceOutput,
  type SourceReader,
  type Split,
  type Suspension,
  TRANSACTIONS,
} from "../dataflow/source.ts";
import { keptModel } from "../dataflow/writes.ts";
import { type SplitEntry, splitKey, splitName } from "./checkpoint/manifest.ts";
import { SourceFrontier } from "./frontier.ts";
import { InsertStage } from "./operators/insert-stage.ts";
import { type Retention, type RowBackend, RowStage } from "./operators/row-stage.ts";
import { nameOfRows, rowTable } from "./operators/row-table.ts";
import { raiseIncompatible } from "./operators/schema-difference.ts";
import { SnapshotPlace } from "./operators/snapshot-place.ts";
import { noPosition, type SourcePosition, savePosition, takePosition } from "./operators/source-position.ts";
import { WholeRowStage } from "./operators/whole-row-stage.ts";
import type { EngineAlert } from "./outbox.ts";
import {
  atRecord,
  incompleteRow,
  incompleteWholeRow,
  notInserted,
  positionWentBack,
  seedDiffers,
  snapshotAgain,
} from "./source-trouble.ts";

/** Where a source's changes go: the entries of the first task, by model. */
export interface SourceTarget {
  batch(model: Model, batch: Batch): void;
  control(model: Model, element: Control): void;
  engineAlert(alert: EngineAlert): void;
  fault(fault: RecordFault): void;
  suspension(suspension: Suspension): void;
  /** What a suspension stopped goes on by itself. */
  mended(suspension: string): void;
  schemaChange(change: SchemaChange): void;
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

/** What a source's driver is made of. */
export interface SourceDriverOptions {
  /** Of the splits that are this worker's, and of all heartbeats. */
  readonly reader: SourceReader;
  /** All models that read the source. */
  readonly models: readonly Model[];
  /** Of a model's tables, those whose rows go on without a row stage, as indexes into its `from` (whole-rows.ts). Default: none. */
  readonly stageless?: (model: Model) => ReadonlySet<number>;
  /** How long deleted rows keep their position, in ms of event time. */
  readonly retainMs: number;
  readonly backend: RowBackend;
  /** Numbers that rows of splits have in the store, for good, by `splitKey`. */
  readonly groups: ReadonlyMap<string, number>;
  /** Wall time in epoch ms. */
  readonly now: () => number;
  /** Every worker reads the heartbeats; one of them tells what is wrong with their records. Default: this one. */
  readonly tellsHeartbeats?: boolean;
}

/** What drivers of a source saved, as one of those that go on from it sees it. */
export interface SavedSource {
  readonly manifest: { readonly rows: readonly { readonly table: string; readonly schema: string }[] };
  /** What each driver saved of the source as a whole. */
  savedOfSource(source: string): readonly ByteReader[];
  /** What was saved of a split, by its name; of a heartbeat split where it was read the least far. */
  split(source: string, name: string): ByteReader | undefined;
}

/** What is known of a split. */
interface SplitState {
  readonly group: number;
  /** Of splits of the same topic that may hold rows of this one. */
  readonly otherGroups: readonly number[];
  ended: boolean;
  /** The source's history has begun for it: what is read of a snapshot from here on is no seed. */
  hasBegun: boolean;
  changes: number;
  repeats: number;
  faults: number;
  /** What the reader saved of it before its last read that brought something, and the offset that it stood at. */
  readonly before: ByteWriter;
  offsetBefore: number;
  /** Nothing has come since that was written. */
  isBeforeCurrent: boolean;
  /** By models whose rows of it go on without a row stage. */
  readonly snapshots: Map<string, SnapshotPlace>;
}

/**
 * A connector says again only what it said shortly before it stopped: in the last hour, or of a source where little happens, last.
 * An END that is not known is taken for one that is late, whatever its time.
 */
const ENDS_RETENTION: Retention = { ms: hours(1), rows: 10_000 };

/** Drives one source: reader, row stages, frontier. Reads what it is told to, and hands on in the channel's order. */
export class SourceDriver {
  readonly reader: SourceReader;
  /** Set when the source must not be read on: its positions went back. */
  stopped = false;
  /** Of a read that failed, something has been handed on already: it can neither be gone on with nor be done again. */
  isBroken = false;
  readonly #models: readonly Model[];
  readonly #target: SourceTarget;
  readonly #frontier: SourceFrontier;
  /** Of models with inserts only. */
  readonly #inserts: ReadonlyMap<Model, InsertStage>;
  /** Of other models, by the model's tables in this source. */
  readonly #stages: ReadonlyMap<Model, ReadonlyMap<number, RowStage>>;
  /** Of the other tables of models that have some without a row stage. */
  readonly #whole: ReadonlyMap<Model, WholeRowStage>;
  readonly #stageless: (model: Model) => ReadonlySet<number>;
  readonly #position: SourcePosition;
  readonly #splits: readonly SplitState[];
  readonly #hasData: boolean;
  readonly #tellsHeartbeats: boolean;
  /** The split that is being read. */
  #reading = 0;
  #emitted = BEFORE_ALL_TIME;
  readonly #output: SourceOutput;

  constructor(options: SourceDriverOptions, target: SourceTarget) {
    const { reader, models, retainMs, backend, groups, now } = options;
    this.reader = reader;
    this.#tellsHeartbeats = options.tellsHeartbeats ?? true;
    this.#models = models;
    this.#target = target;
    this.#frontier = new SourceFrontier(reader.splits, reader.longestTransactionMs, reader, now);
    this.#position = noPosition(reader.longestTransactionMs);
    const stageless = new Map(models.map((model) => [model, options.stageless?.(model) ?? NONE]));
    this.#stageless = (model) => stageless.get(model)!;
    const [inserted, changed] = [models.filter((one) => one.insertsOnly), models.filter((one) => !one.insertsOnly)];
    this.#inserts = new Map(inserted.map((model) => [model, this.#makeInsertStage(model)]));
    this.#stages = new Map(changed.map((model) => [model, this.#makeStages(model, retainMs, backend)]));
    const whole = changed.filter((model) => this.#stageless(model).size > 0);
    this.#whole = new Map(whole.map((model) => [model, this.#makeWholeRowStage(model)]));
    this.#hasData = reader.splits.some((split) => !split.heartbeat);
    this.#splits = reader.splits.map((split) => {
      const group = groups.get(splitKey(reader.source, splitName(split)));
      assert(group !== undefined, `split ${splitKey(reader.source, splitName(split))} has a number`);
      return {
        group,
        otherGroups: this.#othersOf(split, groups),
        ended: false,
        hasBegun: false,
        changes: 0,
        repeats: 0,
        faults: 0,
        before: new ByteWriter(),
        offsetBefore: 0,
        isBeforeCurrent: false,
        snapshots: new Map(),
      };
    });
    this.#output = this.#makeOutput();
  }

  /** Splits that can still be read. */
  openSplits(): number[] {
    if (this.stopped) return [];
    return this.#splits.flatMap(({ ended }, split) => (ended ? [] : [split]));
  }

  /** Event time through which a split has been read: who reads the furthest behind first keeps the least in wait. */
  readThrough(split: number): number {
    return this.#frontier.provenOf(split);
  }

  /** Reads a part of a split and hands it on, then the frontier if it moved. False when nothing was there. */
  read(split: number, maxBytes: number): boolean | Promise<boolean> {
    this.#reading = split;
    this.#saveBefore(split);
    const state = this.#splits[split]!;
    state.isBeforeCurrent = false;
    const result = this.reader.read(split, maxBytes, this.#output);
    if (typeof result === "boolean") return this.#afterRead(state, result);
    return result.then((some) => this.#afterRead(state, some));
  }

  /** All splits have ended. */
  get ended(): boolean {
    return this.#splits.every(({ ended }) => ended);
  }

  /** The frontier as last handed on; +∞ where all that holds business is read elsewhere. */
  get frontier(): number {
    return this.#hasData ? this.#emitted : Number.POSITIVE_INFINITY;
  }

  metrics(): SourceMetrics {
    const total = (count: (split: SplitState) => number) => this.#splits.reduce((sum, split) => sum + count(split), 0);
    return {
      source: this.reader.source,
      changes: total(({ changes }) => changes),
      repeats: total(({ repeats }) => repeats),
      faults: total(({ faults }) => faults),
      rows: this.#allStages().reduce((sum, stage) => sum + stage.size, 0),
      frontier: this.frontier,
    };
  }

  /** Numbers of the splits whose rows are this driver's. */
  get ownGroups(): number[] {
    return this.#splits.filter((_, split) => !this.reader.splits[split]!.heartbeat).map(({ group }) => group);
  }

  /** Names of the tables that rows are in, with the schema of their records. */
  get rowTables(): { readonly table: string; readonly schema: string }[] {
    return this.#allStages().map(({ table, schema }) => ({ table, schema }));
  }

  /**
   * Puts records of rows into one of its tables, as they are in the store, before `restore`; those of a gathered topic where
   * its first split has them, wherever they were. `records` hands out keys and records.
   */
  putRows(table: string, group: number, records: ByteReader): void {
    const [model, index, stage] = this.#stageOf(table);
    const { reader } = this;
    const gathered = reader.splits.findIndex(
      (split) => split.gathered === true && split.table === model.from[index]!.table,
    );
    const place = gathered < 0 ? group : this.#splits[gathered]!.group;
    while (!records.isAtEnd) stage.put(place, records.block(), records.block());
  }

  /**
   * What is known of each split, to go on from; between reads. A split in which positions went back is gone on with from
   * before that, since what it held behind that place was not taken.
   */
  saveSplits(): SplitEntry[] {
    return this.reader.splits.map((split, index) => {
      const { group, ended, hasBegun, changes, repeats, faults, before, offsetBefore, snapshots } =
        this.#splits[index]!;
      const isUndone = this.stopped && index === this.#reading;
      const out = new ByteWriter();
      for (const flag of [ended, hasBegun]) out.flag(flag);
      for (const count of [changes, repeats, faults]) out.uint(count);
      this.#frontier.save(index, out);
      if (isUndone) out.raw(before.buffer, 0, before.length);
      else this.reader.save(index, out);
      saveSnapshots(snapshots, out);
      const offset = isUndone ? offsetBefore : this.reader.position(index);
      const saved = out.bytes().toString("base64");
      const { gathered = false, topicId } = split;
      return { source: this.reader.source, name: splitName(split), group, offset, gathered, topicId, saved };
    });
  }

  /** What is known of the source as a whole, in base64. */
  saveSource(): string {
    const out = new ByteWriter();
    savePosition(this.#position, out);
    return out.bytes().toString("base64");
  }

  /**
   * Goes on from what drivers of the source saved, be they more or fewer; once its rows are in the store, and before
   * anything is read. STATE_INCOMPATIBLE, and what the reader raises whose log does not reach to where it was read.
   */
  async restore(saved: SavedSource): Promise<void> {
    for (const stage of this.#allStages()) {
      const before = saved.manifest.rows.find(({ table }) => table === stage.table)?.schema;
      if (before === undefined) continue;
      stage.restore(before, () => raiseIncompatible(nameOfRows(stage.table), before, stage.schema));
    }
    for (const input of saved.savedOfSource(this.reader.source)) takePosition(input, this.#position);
    for (const [index, split] of this.reader.splits.entries()) {
      const input = saved.split(this.reader.source, splitName(split));
      if (input === undefined) continue;
      const state = this.#splits[index]!;
      state.ended = input.flag();
      state.hasBegun = input.flag();
      state.changes = input.uint();
      state.repeats = input.uint();
      state.faults = input.uint();
      this.#frontier.restore(index, input);
      await this.reader.restore(index, input);
      restoreSnapshots(input, state.snapshots);
      if (this.reader.readsAgain?.(index)) state.ended = false;
    }
  }

  /** Hands on how far the source has been read already: once, before the first read. */
  announce(): void {
    if (this.#hasData) this.#advance();
    else this.#emitFrontier(Number.POSITIVE_INFINITY, BEFORE_ALL_TIME);
  }

  /** Of a quiet split, which is asked again and again, only after a read that brought something. */
  #saveBefore(split: number): void {
    const state = this.#splits[split]!;
    if (state.isBeforeCurrent) return;
    state.offsetBefore = this.reader.position(split);
    state.before.clear();
    this.reader.save(split, state.before);
  }

  #afterRead(state: SplitState, some: boolean): boolean {
    state.isBeforeCurrent = !some;
    this.isBroken = true;
    if (!this.stopped) this.#advance();
    this.isBroken = false;
    return some;
  }

  #advance(): void {
    const through = this.#frontier.through();
    if (through <= this.#emitted) return;
    this.#emitted = through;
    for (const split of this.#splits) split.hasBegun = true;
    this.#emitFrontier(through, this.#frontier.since);
    for (const stage of this.#allStages()) stage.forgetBefore(through);
  }

  #emitFrontier(through: number, since: number): void {
    const element = { type: "frontier", source: this.reader.source, through, since } as const;
    for (const model of this.#models) this.#target.control(model, element);
  }

  /** What the reader hands out goes nowhere once the source is stopped: nothing behind that place is proven or ended. */
  #makeOutput(): SourceOutput {
    const unlessStopped =
      <A extends unknown[]>(act: (...args: A) => void) =>
      (...args: A) => {
        this.isBroken = true;
        if (!this.stopped) act(...args);
      };
    return {
      changes: unlessStopped((model, split, batch) => this.#change(model, split, batch)),
      progress: unlessStopped((split, time) => this.#frontier.progress(split, time)),
      seeded: unlessStopped((split, time) => {
        if (!this.#splits[split]!.hasBegun) this.#frontier.seeded(split, time);
      }),
      heartbeat: unlessStopped((time) => this.#frontier.heartbeat(time)),
      ended: unlessStopped((split, time) => {
        this.#splits[split]!.ended = true;
        this.#frontier.ended(split, time);
      }),
      fault: unlessStopped((split, fault) => this.#fault(split, fault)),
      suspend: unlessStopped((_split, suspension) => this.#suspend(suspension)),
      mended: unlessStopped((_split, suspension) => this.#mended(suspension)),
      schema: unlessStopped((split, change) => {
        if (this.#tellsHeartbeats || !this.reader.splits[split]!.heartbeat) this.#target.schemaChange(change);
      }),
    };
  }

  #change(model: Model, split: number, batch: Batch): void {
    const state = this.#splits[split]!;
    const table = changeColumns(batch).table.values[0]!;
    state.changes += model.from[table]!.before === undefined ? batch.count : changesIn(batch);
    if (state.hasBegun) dateSeed(batch);
    const inserts = this.#inserts.get(model);
    if (inserts !== undefined) return inserts.process(batch, this.#position);
    if (this.#stageless(model).has(table)) {
      return this.#whole.get(model)!.process(batch, this.#position, snapshotOf(state, model));
    }
    const stage = this.#stages.get(model)!.get(table)!;
    const before = stage.repeats;
    stage.process(batch, state.group, this.#positionOf(split), state.otherGroups);
    state.repeats += stage.repeats - before;
  }

  /** Ends of transactions have places in their topic only. */
  #positionOf(split: number): SourcePosition {
    return this.reader.splits[split]!.table === TRANSACTIONS ? noPosition(0) : this.#position;
  }

  #othersOf(split: Split, groups: ReadonlyMap<string, number>): number[] {
    if (split.gathered !== true) return [];
    const others = this.reader.splits.filter((other) => other !== split && other.topic === split.topic);
    return others.map((other) => groups.get(splitKey(this.reader.source, splitName(other)))!);
  }

  /** One for each of the model's tables in this source. */
  #makeStages(model: Model, retainMs: number, backend: RowBackend): Map<number, RowStage> {
    const { source } = this.reader;
    const events = {
      rows: (batch: Batch) => this.#handOn(model, batch),
      incomplete: (batch: Batch, row: number) =>
        this.#fault(this.#reading, incompleteRow(this.reader, this.#reading, model, batch, row)),
      seedDiffers: (batch: Batch, row: number) => this.#target.engineAlert(seedDiffers(source, model, batch, row)),
      positionWentBack: (batch: Batch, row: number) => this.#positionWentBack(model, batch, row),
    };
    const stageless = this.#stageless(model);
    const tables = [...model.from.entries()].filter(([at, from]) => from.source === source && !stageless.has(at));
    return new Map(
      tables.map(([index, { table }]) => {
        const retention = table === TRANSACTIONS ? ENDS_RETENTION : { ms: retainMs, rows: 0 };
        return [index, new RowStage(rowTable(source, table, model), model, retention, backend, events)];
      }),
    );
  }

  #makeWholeRowStage(model: Model): WholeRowStage {
    return new WholeRowStage(model, {
      rows: (batch) => this.#handOn(model, batch),
      incomplete: (batch, row, before) =>
        this.#fault(this.#reading, incompleteWholeRow(this.reader, this.#reading, model, batch, row, before)),
      snapshotAgain: (batch, row) => this.#suspend(snapshotAgain(this.reader, this.#reading, model, batch, row)),
      positionWentBack: (batch, row) => this.#positionWentBack(model, batch, row),
    });
  }

  #makeInsertStage(model: Model): InsertStage {
    return new InsertStage(model, {
      rows: (batch) => this.#handOn(model, batch),
      notInserted: (batch, row) =>
        this.#fault(this.#reading, notInserted(this.reader, this.#reading, model, batch, row)),
      positionWentBack: (batch, row) => this.#positionWentBack(model, batch, row),
    });
  }

  #handOn(model: Model, batch: Batch): void {
    try {
      this.#target.batch(model, batch);
    } catch (error) {
      throw atRecord(error, this.reader.splits[this.#reading]!, batch);
    }
  }

  #stageOf(table: string): readonly [Model, number, RowStage] {
    for (const [model, stages] of this.#stages)
      for (const [index, stage] of stages) if (stage.table === table) return [model, index, stage];
    return assert(false, `a row is of a table of ${this.reader.source}, not of ${table}`) as never;
  }

  #allStages(): RowStage[] {
    return [...this.#stages.values()].flatMap((stages) => [...stages.values()]);
  }

  /** A fault goes on with what the row stage knows of the row, so that the checks can tell which keys it hides. */
  #fault(split: number, fault: RecordFault): void {
    if (this.reader.splits[split]!.heartbeat && !this.#tellsHeartbeats) return;
    const state = this.#splits[split]!;
    state.faults++;
    this.#target.fault(fault);
    for (const model of this.#models.filter((candidate) => this.#reads(candidate, fault.table))) {
      if (this.#stageless(model).has(this.#tableIndex(model, fault.table))) {
        this.#hideWhole(model, fault);
        continue;
      }
      const known = fault.row === undefined ? undefined : this.#knownFields(model, fault.table, state.group, fault.row);
      const own = model.writes === undefined || fault.row === undefined ? {} : { rowId: fault.row };
      const fields = [{ ...fault.fields?.[model.name], ...own }, known ?? {}];
      this.#target.control(model, { type: "fault", fault, fields });
    }
  }

  /** What the row was is known to nobody but the record: where its key cannot be told, it may be any. */
  #hideWhole(model: Model, fault: RecordFault): void {
    const rows = { after: fault.fields, before: fault.fieldsBefore };
    for (const row of ["after", "before"] as const) {
      if (fault.only === undefined || fault.only === row)
        this.#target.control(model, { type: "fault", fault, fields: [rows[row]?.[model.name] ?? {}] });
    }
  }

  #knownFields(model: Model, table: string, group: number, row: string): Record<string, string> | undefined {
    const found = this.#stages.get(model)?.get(this.#tableIndex(model, table))?.lookUp(group, row);
    if (found === undefined) return undefined;
    const { fields } = keptModel(model);
    const ids = Object.keys(fields).filter((name) => fields[name]!.kind === "id");
    const values = ids.map((name) => [name, found.column(name).get(0)] as const);
    return Object.fromEntries(values.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  }

  /** Records behind the one that told of it may have a time before its own, by as much as a transaction takes. */
  #suspend(told: Suspension): void {
    const suspension = { ...told, time: told.time - this.reader.longestTransactionMs };
    this.#target.suspension(suspension);
    for (const model of this.#models) {
      if (suspension.models.includes(model.name)) this.#target.control(model, { type: "suspension", suspension });
    }
  }

  #mended(suspension: string): void {
    this.#target.mended(suspension);
    for (const model of this.#models) this.#target.control(model, { type: "resumed", suspension });
  }

  #positionWentBack(model: Model, batch: Batch, row: number): void {
    if (this.stopped) return;
    this.stopped = true;
    this.#target.engineAlert(positionWentBack(this.reader, model, batch, row));
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

/** Rows before changes are no changes. */
function changesIn(batch: Batch): number {
  const { values } = changeColumns(batch).kind;
  let changes = 0;
  for (let row = 0; row < batch.count; row++) if (values[row] !== OP.before) changes++;
  return changes;
}

function snapshotOf({ snapshots }: SplitState, { name }: Model): SnapshotPlace {
  const known = snapshots.get(name) ?? new SnapshotPlace();
  snapshots.set(name, known);
  return known;
}

/** Behind all else that is saved of a split; nothing where there are none. */
function saveSnapshots(snapshots: SplitState["snapshots"], out: ByteWriter): void {
  for (const [model, place] of snapshots) {
    out.text(model);
    place.save(out);
  }
}

function restoreSnapshots(input: ByteReader, snapshots: SplitState["snapshots"]): void {
  while (!input.isAtEnd) {
    const place = new SnapshotPlace();
    snapshots.set(input.text(), place);
    place.restore(input);
  }
}

const NONE: ReadonlySet<number> = new Set();
