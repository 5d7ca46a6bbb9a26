import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { MemoryDisk } from "../../base/memory-disk.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import { type Clock, days, hours, systemClock } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { openReaders, splitsOf } from "../../cli/compose.ts";
import type { SourceBinding } from "../../cli/config.ts";
import { DiskBackend } from "../../cli/disk-backend.ts";
import { Recorder } from "../../cli/recorder.ts";
import { shopConfig } from "../../cli/shop-log.ts";
import { numberSplits } from "../../cli/workers.ts";
import type { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, instant, model, money, table, text } from "../../dataflow/model.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { EmbeddedRunner } from "../../runtime/embedded-runner.ts";
import { makeLinksMemory, RingLinks } from "../../runtime/exchange/worker-links.ts";
import type { OutboxRecord } from "../../runtime/outbox.ts";
import { LocalWorker } from "../../runtime/worker-handle.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { SchemaVersion } from "../../schemas/registry.ts";
import { runShop } from "../../shop/shop.ts";
import { StateStore } from "../../state/state-store.ts";

const LINES = "pg.public.settlement_lines";

/** Two checks over the shop: one reads the table that is altered, one does not. */
export function mendingJob(isMended: boolean): Job {
  const Payment = model("Payment", {
    from: table("shop", "payments"),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
    businessTime: "capturedAt",
  });
  const Refund = model("Refund", {
    from: table("shop", "refunds"),
    fields: { paymentId: id(), kind: text(), status: text(), amount: money(), refundedAt: instant() },
    businessTime: "refundedAt",
  });
  const fields = { paymentId: id(), net: money(), fee: money(), bookedAt: instant() };
  const Line = model("Line", {
    from: table("ledger", "settlement_lines"),
    fields: isMended ? fields : { ...fields, what: text("kind") },
    businessTime: "bookedAt",
  });
  const LineCount = model("OtherLine", {
    from: table("ledger", "settlement_lines"),
    fields: { paymentId: id(), net: money(), fee: money() },
  });
  return job("mending", (env) => {
    const payments = env.changes(Payment).where({ status: "captured" });
    const refunds = env.changes(Refund).where({ status: "succeeded" });
    for (const [uid, lines] of [
      ["settlement", env.changes(Line)],
      ["other", env.changes(LineCount)],
    ] as const) {
      env.reconcile(uid, {
        by: "paymentId",
        expect: {
          captured: payments.sum("amount"),
          refunded: minus(refunds.where({ kind: "refund" }).sum("amount").within(days(5))),
          reversed: minus(refunds.where({ kind: "reversal" }).sum("amount").within(days(5))),
        },
        actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
        missingAfter: hours(24),
      });
    }
  });
}

/** The shop's log, in which a column of the settlement lines is renamed after a part of them; it grows when it is told to. */
export class AlteredShop {
  readonly dir = mkdtempSync(join(tmpdir(), "countercheck-mending-"));
  readonly sources: readonly SourceBinding[];
  readonly #schemas: AvroSchema[] = [];
  readonly #subjects = new Map<string, number[]>();
  readonly #writer: FileLogWriter;
  #parts: ((writer: FileLogWriter) => void)[][] = [[]];
  #total = 0;

  private constructor() {
    this.#writer = new FileLogWriter(this.dir);
    this.sources = Object.entries(shopConfig(this.dir, "out").sources).map(([name, { tables, heartbeat, kind }]) => ({
      name,
      kind,
      epochs: [],
      input: { folder: this.dir },
      tables: { ...tables, [heartbeat.table]: { topic: heartbeat.topic } },
      heartbeatTable: heartbeat.table,
    })) as unknown as SourceBinding[];
  }

  /** `altered`: from which line on the column has its new name, of so many orders of the shop. */
  static async make(seed: number, orders: number, altered: number): Promise<AlteredShop> {
    const shop = new AlteredShop();
    const topics: [string, number][] = [];
    let lines = 0;
    const step = (act: (writer: FileLogWriter) => void) => void shop.#parts.at(-1)!.push(act);
    await runShop({
      seed,
      orders,
      sink: {
        createTopic: (topic, partitions) => void topics.push([topic, partitions]),
        append: (topic, partition, record) => {
          const value = record.value === null ? null : Buffer.from(record.value);
          const key = record.key === null ? null : Buffer.from(record.key);
          if (topic === LINES && lines++ >= altered && value !== null)
            value.writeUInt32BE(shop.#renamed(value.readUInt32BE(1)), 1);
          step((writer) => void writer.append(topic, partition, { ...record, key, value }));
        },
        flush: () => void shop.#parts.push([]),
        end: (time) => step((writer) => writer.end(time)),
        register: async (subject, schema) => shop.#register(subject, schema as AvroSchema),
      },
    });
    shop.#total = shop.#parts.length;
    for (const [topic, partitions] of topics) shop.#writer.createTopic(topic, partitions);
    return shop;
  }

  /** Grows the log to a part of the whole; with all of it, it is ended. */
  growTo(part: number): void {
    const left = Math.round(this.#total * (1 - part));
    while (this.#parts.length > left) {
      for (const act of this.#parts.shift()!) act(this.#writer);
      if (this.#parts.length > 0) this.#writer.flush();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  async schemaById(schemaId: number): Promise<AvroSchema> {
    return this.#schemas[schemaId - 1]!;
  }

  async versions(subject: string): Promise<readonly SchemaVersion[]> {
    const ids = this.#subjects.get(subject) ?? [];
    return ids.map((each, i) => ({ version: i + 1, id: each, schema: this.#schemas[each - 1]! }));
  }

  #register(subject: string, schema: AvroSchema): number {
    const text = JSON.stringify(schema);
    let at = this.#schemas.findIndex((known) => JSON.stringify(known) === text);
    if (at < 0) at = this.#schemas.push(schema) - 1;
    const ids = this.#subjects.get(subject) ?? [];
    if (!ids.includes(at + 1)) this.#subjects.set(subject, [...ids, at + 1]);
    return at + 1;
  }

  /** The same bytes, under a schema in which `kind` has another name. */
  #renamed(schemaId: number): number {
    const text = JSON.stringify(this.#schemas[schemaId - 1]).replaceAll('"name":"kind"', '"name":"line_kind"');
    return this.#register(`${LINES}-value`, JSON.parse(text));
  }
}

/** How a process of the job ends: when it has come to the log's end, by a stop, or by a crash after so many turns. */
export type Ending = { readonly type: "end" } | { readonly type: "stop" | "crash"; readonly turns: number };

/** A job over a shop in processes one after the other, each of which goes on from the checkpoints of those before it. */
export class MendingRun {
  readonly #shop: AlteredShop;
  readonly #state = new MemoryDisk();
  readonly #random: Random;
  readonly #parallelism: number;
  readonly #delivered = new Map<number, readonly OutboxRecord[]>();
  /** Of the last process. */
  #report = new Recorder();
  #attempt = 0;

  constructor(shop: AlteredShop, seed: number, parallelism: number) {
    this.#shop = shop;
    this.#random = seededRandom(seed).fork("mending");
    this.#parallelism = parallelism;
  }

  /** Runs one process; true when all was read. */
  async process(isMended: boolean, ending: Ending): Promise<boolean> {
    const graph = mendingJob(isMended).graph();
    const abort = new AbortController();
    let turns = 0;
    const attempt = ++this.#attempt;
    this.#report = new Recorder();
    const checkpoints = new CheckpointStore(this.#state, "state");
    const splits = splitsOf(graph, this.#shop.sources);
    const runner = new EmbeddedRunner({
      run: { job: graph.name, epoch: 1, attempt, state: "running" },
      checkpoints,
      openWorkers: (from) => {
        const groups = new Map(numberSplits(splits, from?.splits ?? []));
        const links = this.#parallelism === 1 ? undefined : makeLinksMemory(graph, this.#parallelism);
        return Array.from({ length: this.#parallelism }, (_, worker) => {
          const share = { worker, workers: this.#parallelism, splits };
          const order = this.#random.fork(`order/${attempt}/${worker}`);
          return new LocalWorker({
            graph,
            index: worker,
            parallelism: this.#parallelism,
            readers: openReaders(graph, this.#shop.sources, this.#shop, share).map(inSmallPieces),
            clock: IMPATIENT,
            retainMs: days(180),
            follow: true,
            scheduler: (candidates) => order.pick(candidates),
            backend: new DiskBackend({
              store: new StateStore({
                disk: this.#state,
                dir: checkpoints.segments,
                prefix: `a${attempt}w${worker}`,
                memoryBytes: 32 << 20,
              }),
              cacheBytes: 4 << 20,
              timers: { disk: this.#state, dir: checkpoints.temporary, prefix: `a${attempt}w${worker}-` },
            }),
            groups,
            allowDroppedState: false,
            applyDecision: () => [],
            ...(links === undefined ? {} : { links: new RingLinks(links, worker) }),
          });
        });
      },
      sink: {
        position: () => null,
        deliver: async ({ checkpoint, records }) => void this.#delivered.set(checkpoint, records),
        recover: async ({ checkpoint, records }) => void this.#delivered.set(checkpoint, records),
        hasDelivered: () => this.#delivered.size > 0,
      },
      observer: { observe: () => undefined, save: () => null, restore: () => undefined },
      clock: IMPATIENT,
      checkpointEveryMs: 5,
      requireMine: () => undefined,
      writeSavepoint: async () => undefined,
      onProgress: () => {
        if (ending.type === "end" || ++turns < ending.turns) return;
        if (ending.type === "crash") throw new Crash();
        abort.abort();
      },
    });
    try {
      await runner.recover();
      const { isComplete } = await runner.run(abort.signal);
      if (isComplete) await runner.report((records) => this.#record(records));
      return isComplete;
    } catch (error) {
      if (error instanceof Crash) return false;
      throw error;
    } finally {
      await runner.close();
    }
  }

  /** All that came out, in the order of checkpoints, and what is known of every key at the end. */
  get records(): readonly OutboxRecord[] {
    return [...this.#delivered].sort(([a], [b]) => a - b).flatMap(([, records]) => records);
  }

  get results(): Recorder {
    const all = new Recorder();
    for (const each of this.records) if (each.kind === "emit") all.emitted(each.output, each.record);
    all.finals.push(...this.#report.finals);
    return all;
  }

  #record(records: readonly OutboxRecord[]): void {
    for (const each of records) if (each.kind === "emit") this.#report.emitted(each.output, each.record);
  }
}

class Crash extends Error {}

/** A reader that gives little at once, so that a process can end in the middle of anything. */
function inSmallPieces(reader: DebeziumReader): DebeziumReader {
  const read = reader.read.bind(reader);
  return Object.assign(reader, { read: (split: number, _: number, output: SourceOutput) => read(split, 500, output) });
}

/** Waits for nothing but what is under way. */
const IMPATIENT: Clock = { now: () => systemClock.now(), sleep: () => setImmediate() };
