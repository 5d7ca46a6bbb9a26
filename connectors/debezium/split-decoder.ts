import { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { CountercheckError, isError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { changeColumns, changeLayout, OP } from "../../dataflow/change-layout.ts";
import { model } from "../../dataflow/model.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { BadRows } from "./bad-rows.ts";
import { changeFault, positionFault, timeFault } from "./envelope-faults.ts";
import { INCREMENTAL, isProblem, MESSAGE, readsBefore, type TableModel, TRUNCATE } from "./envelope-plan.ts";
import { framedId, notFramed } from "./framing.ts";
import type { FusedDecoder } from "./fused-decoder.ts";
import { LeftOut } from "./left-out.ts";
import { PlainRecords } from "./plain-records.ts";
import {
  type Chunk,
  type Fault,
  neverLookedUp,
  recordFault,
  recordId,
  type SplitContext,
  type UnknownSchemas,
} from "./record-fault.ts";
import { appendHead, copyHead, keepRows } from "./rows.ts";
import { SchemaNews } from "./schema-news.ts";
import { SplitTimes } from "./split-times.ts";
import { breakingChange, truncation } from "./suspensions.ts";
import type { TableSchema } from "./table-schemas.ts";

/**
 * Decodes the records of one split, a chunk at a time. Records in a row that share a schema are a *run*. Plain ones go
 * straight into the models' batches. Those that are not end the run, and make one that is decoded into the columns of the
 * schema's plan, and mapped to the models' batches column by column.
 */
export class SplitDecoder {
  readonly #context: SplitContext;
  /** The fixed columns of the run's rows, the same for all models. */
  readonly #head = new Batch(changeLayout(model("head", { from: [], fields: {} })));
  readonly #columns = changeColumns(this.#head);
  readonly #bad = new BadRows();
  readonly #news: SchemaNews;
  readonly #times: SplitTimes;
  readonly #plain: PlainRecords;
  readonly #leftOut: LeftOut;
  readonly #faults: Fault[] = [];
  /** Index in the chunk of each of the run's rows. */
  #recordOf = new Int32Array(0);
  #run: TableSchema | undefined;
  #rows = 0;
  /** It was looked after whether the run's schema breaks a model. */
  #isRunTold = false;

  constructor(context: SplitContext) {
    this.#context = context;
    this.#news = new SchemaNews(context);
    this.#times = new SplitTimes(context);
    this.#plain = new PlainRecords(context);
    this.#leftOut = new LeftOut((model) => context.table.declarationOf(model));
  }

  /** The schema that was met last, before any that is new. */
  get lastSchema(): number | undefined {
    return this.#news.last;
  }

  /** Records left out for each model since a breaking change, by the model's name. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#leftOut.counts;
  }

  /** Tells what has been read again, now that the split is at an offset; false where there is nothing to tell. */
  tellMended(position: number, output: SourceOutput): boolean {
    const mended = this.#leftOut.takeMended(position);
    for (const id of mended) output.mended(this.#context.index, id);
    return mended.length > 0;
  }

  /** True while records are read that were read before, because some of them were left out. */
  get readsAgain(): boolean {
    return this.#leftOut.isReadAgain;
  }

  /**
   * Decodes a chunk and hands all of it out: changes in log order, then the faults among them, and last the proof of
   * time; at a suspension everything before it comes first. All schemas of the chunk must be known to the table and the
   * keys, or be in `unknown`.
   */
  decode(records: RecordBatch, unknown: UnknownSchemas, output: SourceOutput): void {
    const chunk = { records, unknown, output };
    this.#times.begin();
    this.#run = undefined;
    this.#rows = 0;
    this.#head.grow(2 * records.count);
    if (this.#recordOf.length < 2 * records.count) this.#recordOf = new Int32Array(2 * records.count);
    let id = -1;
    for (let i = 0; i < records.count; i++) {
      const start = records.valueStarts[i]!;
      if (start < 0) continue;
      const schemaId = framedId(records.buffer, start, records.valueEnds[i]!);
      if (schemaId < 0) {
        const error = notFramed(records.buffer, start, records.valueEnds[i]!);
        this.#faults.push({ record: i, schema: undefined, error });
        continue;
      }
      if (schemaId !== id || this.#run === undefined) {
        this.#endRun();
        id = schemaId;
        const schema = this.#context.table.get(id) ?? unknown.get(id) ?? neverLookedUp(id);
        if (schema instanceof CountercheckError) {
          this.#faults.push({ record: i, schema: undefined, error: schema });
          continue;
        }
        this.#beginRun(schema, records.count);
      }
      const next = this.#readPlain(records, i);
      if (next > i) {
        i = next - 1;
        continue;
      }
      const error = this.#read(chunk, i);
      if (error !== undefined) this.#faults.push({ record: i, schema: this.#run, error });
    }
    this.#endRun();
    this.#handOut(chunk);
    this.#times.prove(output);
  }

  /** Writes what decoding later chunks depends on. */
  save(out: ByteWriter): void {
    this.#times.save(out);
    this.#news.save(out);
    this.#leftOut.save(out);
  }

  /**
   * Takes in what was saved, before the first chunk. Gives the offset to begin at, which lies before `position`, where the
   * split stood, if what was left out may be readable now.
   */
  restore(input: ByteReader, position: number): number {
    this.#times.restore(input);
    this.#news.restore(input);
    const from = this.#leftOut.restore(input, position);
    this.#context.table.haveWorked(this.#leftOut.models);
    return from;
  }

  #beginRun(schema: TableSchema, count: number): void {
    this.#run = schema;
    this.#isRunTold = false;
    this.#head.clear();
    schema.plan.raw.clear();
    // Each may have the row before it in front of it.
    schema.plan.raw.grow(2 * count);
  }

  /** Reads records from the i-th on, as long as they are plain, as a run of their own; gives the first that is not read. */
  #readPlain(records: RecordBatch, i: number): number {
    if (this.#plain.passOver()) return i;
    const run = this.#run!;
    const fused = this.#news.has(run.plan.schemaId) ? this.#plain.decoderFor(run, records, i) : null;
    if (fused === null) return i;
    this.#endRun();
    const next = this.#readFused(fused, records, i);
    if (next < records.count) {
      this.#plain.refused(fused.rows, next === i);
      this.#beginRun(run, records.count);
    }
    return next;
  }

  #readFused(fused: FusedDecoder, records: RecordBatch, i: number): number {
    const { models } = this.#context.table;
    this.#head.clear();
    for (const { batch } of models) batch.grow(batch.count + records.count);
    const next = fused.read(records, i, 0, this.#columns);
    this.#times.putRun(this.#columns, 0, fused.rows);
    for (const to of models) to.batch.count += appendHead(this.#head, fused.rows, to);
    return next;
  }

  /** Reads one record into the run's next row, or two of them; what makes it unusable is returned. */
  #read(chunk: Chunk, i: number): CountercheckError | undefined {
    const { plan } = this.#run!;
    const { records } = chunk;
    const row = this.#rows + (plan.before === undefined ? 0 : 1);
    try {
      plan.decoder.decode(records.buffer, records.valueStarts[i]! + FRAME_LENGTH, records.valueEnds[i]!, plan.raw, row);
    } catch (error) {
      if (isError(error) && error.code !== "BUG") return error;
      throw error;
    }
    const op = plan.opAt(row);
    if (op === MESSAGE) return undefined;
    const error = timeFault(plan, row);
    if (error !== undefined) return error;
    if (op !== TRUNCATE) return changeFault(plan, row, op) ?? this.#readChange(chunk, i, op, row);
    this.#truncate(chunk, i, plan.tsMs.number(row));
    return undefined;
  }

  /** `at`: the row that it was decoded into. */
  #readChange(chunk: Chunk, i: number, op: number, at: number): CountercheckError | undefined {
    const { plan, broken } = this.#run!;
    const { keys } = this.#context;
    const keyError = keys.read(chunk.records, i, chunk.unknown);
    if (keyError !== undefined) return keyError;
    const hasBefore = plan.before !== undefined && (op === OP.update || op === OP.delete);
    const beforeError = hasBefore ? plan.before.read(chunk.records, i, op, at, keys.lastColumns) : undefined;
    if (beforeError !== undefined) return beforeError;
    if (!hasBefore) plan.before?.moveUp(at);
    const row = this.#rows + (hasBefore ? 1 : 0);
    const head = this.#columns;
    keys.putInto(head.row, row);
    head.offset.values[row] = chunk.records.offsets[i]!;
    if (!plan.position(row, head)) return positionFault();
    const time = plan.tsMs.number(row);
    if (!this.#news.has(plan.schemaId)) this.#news.tell(this.#run!, chunk.records.offsets[i]!, time, chunk.output);
    if (broken.length > 0) this.#tellBreakingChange(chunk, i, time);
    const isIncremental = op === OP.read && plan.snapshot?.(chunk.records, i) === INCREMENTAL;
    head.kind.values[row] = isIncremental ? OP.incremental : op;
    this.#times.put(head, row, op, time);
    this.#recordOf[row] = i;
    if (hasBefore) {
      copyHead(head, row - 1, row);
      head.kind.values[row - 1] = OP.before;
      this.#recordOf[row - 1] = i;
    }
    this.#rows = row + 1;
    return undefined;
  }

  #truncate(chunk: Chunk, i: number, time: number): void {
    const run = this.#run!;
    this.#times.noteChange(time);
    this.#endRun();
    this.#handOut(chunk);
    this.#beginRun(run, chunk.records.count);
    const { index, table } = this.#context;
    if (table.models.length === 0) return;
    chunk.output.suspend(index, truncation(this.#context, recordId(chunk.records, i), time));
  }

  /** The run's first good record says from when on the models that its schema does not suit are blind, each by itself. */
  #tellBreakingChange(chunk: Chunk, i: number, time: number): void {
    if (this.#isRunTold) return;
    this.#isRunTold = true;
    const { plan, broken } = this.#run!;
    const untold = broken.filter(({ model }) => !this.#leftOut.isTold(plan.schemaId, model));
    if (untold.length === 0) return;
    this.#handOut(chunk);
    for (const each of untold) {
      const suspension = breakingChange(this.#context, recordId(chunk.records, i), each, time);
      this.#leftOut.begin(suspension.id, plan.schemaId, chunk.records.offsets[i]!, each.model);
      chunk.output.suspend(this.#context.index, suspension);
    }
  }

  /** Adds the run's rows to all models' batches. */
  #endRun(): void {
    const run = this.#run;
    const rows = this.#rows;
    this.#run = undefined;
    this.#rows = 0;
    if (run !== undefined && rows > 0) this.#map(run, rows);
  }

  /** Maps the rows of a plan's columns to all models. A row that one of them cannot take is a fault, and reaches none. */
  #map(run: TableSchema, rows: number): void {
    const bad = this.#bad;
    const mapped = this.#context.table.models.filter((to, m) => {
      const mappers = run.plan.models[m]!;
      if (isProblem(mappers)) {
        this.#leftOut.note(to.model.name, run.plan.schemaId, this.#columns.offset.values, rows);
        return false;
      }
      appendHead(this.#head, rows, to);
      for (const map of mappers) map(rows, to.batch.count, bad);
      return true;
    });
    if (run.plan.before !== undefined) bad.spread(this.#recordOf, rows);
    for (const [row, error] of bad.sorted()) {
      const record = this.#recordOf[row]!;
      if (this.#faults.at(-1)?.record !== record) this.#faults.push({ record, schema: run, error });
    }
    for (const to of mapped) to.batch.count += this.#keepUsable(to, rows);
    bad.clear();
  }

  /** Takes out of a model's rows those that are bad, and those before changes where it has no use for them; gives how many stay. */
  #keepUsable(to: TableModel, rows: number): number {
    const bad = this.#bad;
    const { values } = this.#columns.kind;
    const isUnused = readsBefore(to) ? () => false : (row: number) => values[row] === OP.before;
    return keepRows(to.batch, rows, (row) => !bad.has(row) && !isUnused(row));
  }

  /** Hands out what the ended runs left, and the faults among them. */
  #handOut(chunk: Chunk): void {
    const { index, table } = this.#context;
    for (const { model, batch } of table.models) {
      if (batch.count > 0) chunk.output.changes(model, index, batch);
      batch.clear();
    }
    const faults = this.#faults.splice(0).sort((a, b) => a.record - b.record);
    for (const fault of faults) {
      chunk.output.fault(index, recordFault(this.#context, chunk.records, fault, chunk.unknown));
    }
  }
}
