import { Batch } from "../../base/batch.ts";
import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { CountercheckError, isError } from "../../base/errors.ts";
import type { RecordBatch } from "../../base/record-batch.ts";
import { changeColumns, changeLayout, OP } from "../../dataflow/change-layout.ts";
import { model } from "../../dataflow/model.ts";
import type { SourceOutput, Suspension } from "../../dataflow/source.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import { BadRows } from "./bad-rows.ts";
import { isProblem, MESSAGE, TRUNCATE } from "./envelope-plan.ts";
import { framedId, notFramed } from "./framing.ts";
import type { FusedDecoder } from "./fused-decoder.ts";
import { FARTHEST_MS } from "./instant.ts";
import { LeftOut } from "./left-out.ts";
import { type Fault, recordFault, recordId, type SplitContext, type UnknownSchemas } from "./record-fault.ts";
import { appendHead, removeRows } from "./rows.ts";
import { SchemaNews } from "./schema-news.ts";
import { shownText } from "./shown.ts";
import { SplitTimes } from "./split-times.ts";
import type { TableSchema } from "./table-schemas.ts";

/** Records that are decoded in one go, with where they go. */
interface Chunk {
  readonly records: RecordBatch;
  readonly unknown: UnknownSchemas;
  readonly output: SourceOutput;
}

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
  readonly #leftOut: LeftOut;
  readonly #faults: Fault[] = [];
  /** Index in the chunk of each of the run's rows. */
  #recordOf = new Int32Array(0);
  #run: TableSchema | undefined;
  #rows = 0;
  /** It was looked after whether the run's schema breaks a model. */
  #isRunTold = false;
  /** What reads the run's records, which are plain, into the models' batches; null where its plan does. */
  #fused: FusedDecoder | null = null;
  /** Records that go by their plan before one is taken to be plain again, and how many they were after the last that was not. */
  #wait = 0;
  #patience = 1;

  constructor(context: SplitContext) {
    this.#context = context;
    this.#news = new SchemaNews(context);
    this.#times = new SplitTimes(context);
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
    this.#begin(records.count);
    let id = -1;
    for (let i = 0; i < records.count; i++) {
      const start = records.valueStarts[i]!;
      if (start < 0) continue;
      const next = framedId(records.buffer, start, records.valueEnds[i]!);
      if (next < 0) {
        this.#faults.push({
          record: i,
          schema: undefined,
          error: notFramed(records.buffer, start, records.valueEnds[i]!),
        });
        continue;
      }
      if (next !== id || this.#run === undefined) {
        this.#endRun();
        id = next;
        const schema = this.#context.table.get(id) ?? unknown.get(id) ?? neverLookedUp(id);
        if (schema instanceof CountercheckError) {
          this.#faults.push({ record: i, schema: undefined, error: schema });
          continue;
        }
        this.#beginRun(schema, records.count, null);
      }
      if (this.#readPlain(records, i)) continue;
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

  #begin(count: number): void {
    this.#times.begin();
    this.#run = undefined;
    this.#rows = 0;
    this.#head.grow(count);
    if (this.#recordOf.length < count) this.#recordOf = new Int32Array(count);
  }

  #beginRun(schema: TableSchema, count: number, fused: FusedDecoder | null): void {
    this.#run = schema;
    this.#fused = fused;
    this.#isRunTold = false;
    this.#head.clear();
    if (fused !== null) {
      for (const { batch } of this.#context.table.models) batch.grow(batch.count + count);
      return;
    }
    schema.plan.raw.clear();
    schema.plan.raw.grow(count);
  }

  /** Reads one record into the next row of a run of plain ones; false where it must go by its plan. */
  #readPlain(records: RecordBatch, i: number): boolean {
    if (this.#wait > 0) {
      this.#wait--;
      return false;
    }
    const run = this.#run!;
    if (this.#fused === null) {
      const fused = this.#news.has(run.plan.schemaId) ? this.#context.table.fusedOf(run) : null;
      if (fused === null) return false;
      this.#endRun();
      this.#beginRun(run, records.count, fused);
    }
    if (this.#putPlain(this.#fused!, records, i)) return true;
    // Where many are not plain, trying each costs more than it saves.
    this.#patience = this.#rows > this.#patience ? 1 : Math.min(2 * this.#patience, MOST_PATIENCE);
    this.#wait = this.#patience - 1;
    this.#endRun();
    this.#beginRun(run, records.count, null);
    return false;
  }

  #putPlain(fused: FusedDecoder, records: RecordBatch, i: number): boolean {
    const row = this.#rows;
    const start = records.valueStarts[i]! + FRAME_LENGTH;
    if (!fused.read(records.buffer, start, records.valueEnds[i]!, row)) return false;
    const { keys } = this.#context;
    if (!keys.readPlain(records, i)) return false;
    const head = this.#columns;
    keys.putInto(head.row, row);
    head.offset.values[row] = records.offsets[i]!;
    head.major.values[row] = fused.major;
    head.minor.values[row] = fused.minor;
    head.sub.values[row] = fused.sub;
    head.kind.values[row] = fused.op;
    this.#times.put(head, row, fused.op, fused.time);
    this.#rows = row + 1;
    return true;
  }

  /** Reads one record into the run's next row; what makes it unusable is returned. */
  #read(chunk: Chunk, i: number): CountercheckError | undefined {
    const { plan } = this.#run!;
    const { records } = chunk;
    const row = this.#rows;
    try {
      plan.decoder.decode(records.buffer, records.valueStarts[i]! + FRAME_LENGTH, records.valueEnds[i]!, plan.raw, row);
    } catch (error) {
      if (isError(error) && error.code !== "BUG") return error;
      throw error;
    }
    const op = plan.opAt(row);
    if (op === MESSAGE) return undefined;
    if (plan.tsMs.nulls[row] === 1) return invalid("it has no source.ts_ms");
    if (Math.abs(plan.tsMs.number(row)) > FARTHEST_MS) return invalid(`its source.ts_ms is ${plan.tsMs.get(row)}`);
    if (op === TRUNCATE) {
      this.#truncate(chunk, i);
      return undefined;
    }
    return this.#readChange(chunk, i, op);
  }

  #readChange(chunk: Chunk, i: number, op: number): CountercheckError | undefined {
    const { plan, broken } = this.#run!;
    const row = this.#rows;
    if (op !== OP.create && op !== OP.update && op !== OP.delete && op !== OP.read) {
      return invalid(`its op is ${JSON.stringify(shownText(plan.op, row))}`);
    }
    if (plan.hasAfter(row) === (op === OP.delete)) {
      return invalid(`it has ${op === OP.delete ? "an" : "no"} after, and its op is ${String.fromCharCode(op)}`);
    }
    const { keys } = this.#context;
    const keyError = keys.read(chunk.records, i, chunk.unknown);
    if (keyError !== undefined) return keyError;
    const head = this.#columns;
    keys.putInto(head.row, row);
    head.offset.values[row] = chunk.records.offsets[i]!;
    if (!plan.position(row, head)) return invalid("it names no position in the source's log");
    const time = plan.tsMs.number(row);
    if (!this.#news.has(plan.schemaId)) this.#news.tell(this.#run!, chunk.records.offsets[i]!, time, chunk.output);
    if (broken.length > 0) this.#tellBreakingChange(chunk, i);
    head.kind.values[row] = op;
    this.#times.put(head, row, op, time);
    this.#recordOf[row] = i;
    this.#rows = row + 1;
    return undefined;
  }

  #truncate(chunk: Chunk, i: number): void {
    const run = this.#run!;
    const time = run.plan.tsMs.number(this.#rows);
    this.#times.noteChange(time);
    this.#endRun();
    this.#handOut(chunk);
    this.#beginRun(run, chunk.records.count, null);
    const models = this.#context.table.models.map(({ model }) => model.name);
    if (models.length === 0) return;
    const message = `Table ${this.#context.table.table} was truncated: its rows are gone without a change for each.`;
    const id = recordId(chunk.records, i);
    chunk.output.suspend(this.#context.index, this.#suspension(id, "truncate", models, message, time));
  }

  /** The run's first good record says from when on the models that its schema does not suit are blind, each by itself. */
  #tellBreakingChange(chunk: Chunk, i: number): void {
    if (this.#isRunTold) return;
    this.#isRunTold = true;
    const { plan, broken } = this.#run!;
    const { records, output } = chunk;
    const untold = broken.filter(({ model }) => !this.#leftOut.isTold(plan.schemaId, model));
    if (untold.length === 0) return;
    this.#handOut(chunk);
    const time = plan.tsMs.number(this.#rows);
    for (const { model, problem } of untold) {
      const id = `${recordId(records, i)}/${model}`;
      const { message } = new CountercheckError(problem.code, problem.details);
      this.#leftOut.begin(id, plan.schemaId, records.offsets[i]!, model);
      output.suspend(this.#context.index, this.#suspension(id, "breaking-change", [model], message, time));
    }
  }

  #suspension(
    id: string,
    cause: Suspension["cause"],
    models: readonly string[],
    message: string,
    time: number,
  ): Suspension {
    const { source, table } = this.#context;
    return { id, source, table: table.table, models, cause, message, time };
  }

  /** Adds the run's rows to all models' batches. */
  #endRun(): void {
    const run = this.#run;
    const rows = this.#rows;
    const fused = this.#fused;
    this.#run = undefined;
    this.#fused = null;
    this.#rows = 0;
    if (run === undefined || rows === 0) return;
    if (fused === null) this.#map(run, rows);
    else {
      for (const to of this.#context.table.models) {
        appendHead(this.#head, rows, to);
        to.batch.count += rows;
      }
    }
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
    for (const [row, error] of bad.sorted()) this.#faults.push({ record: this.#recordOf[row]!, schema: run, error });
    for (const { batch } of mapped) {
      if (bad.size > 0) removeRows(batch, batch.count, rows, bad);
      batch.count += rows - bad.size;
    }
    bad.clear();
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

/** How many records go by their plan, at most, before one is taken to be plain again. */
const MOST_PATIENCE = 1024;

function invalid(reason: string): CountercheckError {
  return new CountercheckError("ENVELOPE_INVALID", { reason });
}

function neverLookedUp(id: number): CountercheckError {
  return new CountercheckError("BUG", { what: `schema ${id} was not looked up` });
}
