import type { Batch } from "../base/batch.ts";
import { type ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import { changeColumns } from "../dataflow/change-layout.ts";
import type { Model } from "../dataflow/model.ts";
import type { RecordFault, SourceOutput, SourceReader, Split } from "../dataflow/source.ts";
import { type SplitEntry, splitKey, splitName } from "./checkpoint/manifest.ts";
import { SourceFrontier } from "./frontier.ts";
import { savePosition, takePosition } from "./operators/source-position.ts";
import { type SignalTarget, SourceSignals } from "./source-signals.ts";
import { SourceStages, type SourceStagesOptions } from "./source-stages.ts";
import { atRecord, positionWentBack } from "./source-trouble.ts";
import { SplitState } from "./split-state.ts";

/** Where a source's changes go: the entries of the first task, by model. */
export interface SourceTarget extends SignalTarget {
  batch(model: Model, batch: Batch): void;
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

/** What a source's driver is made of. Its reader is of the splits that are this worker's, and of all heartbeats. */
export interface SourceDriverOptions extends SourceStagesOptions {
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
  readonly #stages: SourceStages;
  readonly #signals: SourceSignals;
  readonly #splits: readonly SplitState[];
  readonly #hasData: boolean;
  readonly #tellsHeartbeats: boolean;
  /** The split that is being read. */
  #reading = 0;
  #emitted = BEFORE_ALL_TIME;
  readonly #output: SourceOutput;

  constructor(options: SourceDriverOptions, target: SourceTarget) {
    const { reader, models, groups } = options;
    this.reader = reader;
    this.#tellsHeartbeats = options.tellsHeartbeats ?? true;
    this.#models = models;
    this.#target = target;
    this.#frontier = new SourceFrontier(reader.splits, reader.longestTransactionMs, reader, options.now);
    this.#stages = new SourceStages(options, {
      rows: (model, batch) => this.#handOn(model, batch),
      fault: (fault) => this.#fault(this.#reading, fault),
      suspend: (suspension) => this.#signals.suspend(suspension),
      engineAlert: (alert) => target.engineAlert(alert),
      positionWentBack: (model, batch, row) => this.#positionWentBack(model, batch, row),
    });
    this.#signals = new SourceSignals(reader, models, this.#stages, target);
    this.#hasData = reader.splits.some((split) => !split.heartbeat);
    this.#splits = reader.splits.map((split) => {
      const group = groups.get(splitKey(reader.source, splitName(split)));
      assert(group !== undefined, `split ${splitKey(reader.source, splitName(split))} has a number`);
      return new SplitState(group, this.#othersOf(split, groups));
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
    const state = this.#splits[split]!;
    state.beforeRead(this.reader, split);
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
      rows: this.#stages.rowStages().reduce((sum, stage) => sum + stage.size, 0),
      frontier: this.frontier,
    };
  }

  /** Numbers of the splits whose rows are this driver's. */
  get ownGroups(): number[] {
    return this.#splits.filter((_, split) => !this.reader.splits[split]!.heartbeat).map(({ group }) => group);
  }

  /** Names of the tables that rows are in, with the schema of their records. */
  get rowTables(): { readonly table: string; readonly schema: string }[] {
    return this.#stages.rowStages().map(({ table, schema }) => ({ table, schema }));
  }

  /**
   * Puts records of rows into one of its tables, as they are in the store, before `restore`; those of a gathered topic where
   * its first split has them, wherever they were. `records` hands out keys and records.
   */
  putRows(table: string, group: number, records: ByteReader): void {
    const { splits } = this.reader;
    const groupOf = (name: string) => {
      const gathered = splits.findIndex((split) => split.gathered === true && split.table === name);
      return gathered < 0 ? group : this.#splits[gathered]!.group;
    };
    this.#stages.put(table, groupOf, records);
  }

  /**
   * What is known of each split, to go on from; between reads. A split in which positions went back is gone on with from
   * before that, since what it held behind that place was not taken.
   */
  saveSplits(): SplitEntry[] {
    return this.reader.splits.map((split, index) => {
      const state = this.#splits[index]!;
      const out = new ByteWriter();
      state.saveCounts(out);
      this.#frontier.save(index, out);
      const offset = state.saveReader(this.reader, index, this.stopped && index === this.#reading, out);
      state.saveSnapshots(out);
      const saved = out.bytes().toString("base64");
      const { gathered = false, topicId } = split;
      return {
        source: this.reader.source,
        name: splitName(split),
        group: state.group,
        offset,
        gathered,
        topicId,
        saved,
      };
    });
  }

  /** What is known of the source as a whole, in base64. */
  saveSource(): string {
    const out = new ByteWriter();
    savePosition(this.#stages.position, out);
    return out.bytes().toString("base64");
  }

  /**
   * Goes on from what drivers of the source saved, be they more or fewer; once its rows are in the store, and before
   * anything is read. STATE_INCOMPATIBLE, and what the reader raises whose log does not reach to where it was read.
   */
  async restore(saved: SavedSource): Promise<void> {
    this.#stages.restore(saved.manifest.rows);
    for (const input of saved.savedOfSource(this.reader.source)) takePosition(input, this.#stages.position);
    for (const [index, split] of this.reader.splits.entries()) {
      const input = saved.split(this.reader.source, splitName(split));
      if (input === undefined) continue;
      const state = this.#splits[index]!;
      state.restoreCounts(input);
      this.#frontier.restore(index, input);
      await this.reader.restore(index, input);
      state.restoreSnapshots(input);
      if (this.reader.readsAgain?.(index)) state.ended = false;
    }
  }

  /** Hands on how far the source has been read already: once, before the first read. */
  announce(): void {
    if (this.#hasData) this.#advance();
    else this.#emitFrontier(Number.POSITIVE_INFINITY, BEFORE_ALL_TIME);
  }

  #afterRead(state: SplitState, some: boolean): boolean {
    state.afterRead(some);
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
    for (const stage of this.#stages.rowStages()) stage.forgetBefore(through);
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
      suspend: unlessStopped((_split, suspension) => this.#signals.suspend(suspension)),
      mended: unlessStopped((_split, suspension) => this.#signals.mended(suspension)),
      schema: unlessStopped((split, change) => {
        if (this.#tellsHeartbeats || !this.reader.splits[split]!.heartbeat) this.#target.schemaChange(change);
      }),
    };
  }

  #change(model: Model, split: number, batch: Batch): void {
    const state = this.#splits[split]!;
    state.count(model, batch);
    if (state.hasBegun) dateSeed(batch);
    this.#stages.process(model, split, state, batch);
  }

  #othersOf(split: Split, groups: ReadonlyMap<string, number>): number[] {
    if (split.gathered !== true) return [];
    const others = this.reader.splits.filter((other) => other !== split && other.topic === split.topic);
    return others.map((other) => groups.get(splitKey(this.reader.source, splitName(other)))!);
  }

  #handOn(model: Model, batch: Batch): void {
    try {
      this.#target.batch(model, batch);
    } catch (error) {
      throw atRecord(error, this.reader.splits[this.#reading]!, batch);
    }
  }

  #fault(split: number, fault: RecordFault): void {
    if (this.reader.splits[split]!.heartbeat && !this.#tellsHeartbeats) return;
    const state = this.#splits[split]!;
    state.faults++;
    this.#signals.fault(fault, state.group);
  }

  #positionWentBack(model: Model, batch: Batch, row: number): void {
    if (this.stopped) return;
    this.stopped = true;
    this.#target.engineAlert(positionWentBack(this.reader, model, batch, row));
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
