import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Batch } from "../../base/batch.ts";
import { ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import { assert } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import { BEFORE_ALL_TIME, days } from "../../base/time.ts";
import type { SourceBinding } from "../../cli/config.ts";
import { DebeziumReader } from "../../connectors/debezium/reader.ts";
import { FileLog } from "../../connectors/file/file-log.ts";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { changeColumns } from "../../dataflow/change-layout.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import type { Control } from "../../dataflow/operator.ts";
import { type Origin, writeControl } from "../../flink/control-codec.ts";
import { splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { JobTasks } from "../../runtime/job-tasks.ts";
import { SourceDriver } from "../../runtime/source-driver.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { hashBytes, keyGroupOf } from "../../state/key-groups.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";
import { graph, hosted, inputEdges } from "./hosted-task.ts";
import { writeRows } from "./rows.ts";

/** Splits of an input that have rows. */
const SPLITS = 2;
/** The settlement lines: their rows are all in split 0, split 1 is silent, and split 2 has ended long ago. */
const SILENT_INPUT = hosted.inputs.length - 1;
const SILENT_SPLIT = 1;
const ENDED_SPLIT = 2;
const TICKS = 1_000;
/** Ticks between two elements of the silent split, which proves what was read one such time ago. */
export const SILENCE = 20;
const READ_BYTES = 4_096;
const ROWS = 0;
const CONTROL = 1;

/** What the replay is made from. */
export interface ReplayOptions {
  readonly folder: string;
  /** Folder of the shop's log. */
  readonly log: string;
  readonly sources: readonly SourceBinding[];
}

/** The replay's time: ticks from the first to the last event time. */
export interface Ticks {
  tickOf(time: number): number;
  timeOf(tick: number): number;
}

/**
 * Writes what reaches the hosted task's inputs, a file per input and split, for `ReplayReader.java`: split 0 has half of
 * the shop's partitions and all of the ledger's, split 1 the other half and, of the ledger, one that never has a row.
 * Another one of the ledger's has ended before the replay begins.
 */
export async function writeReplay(options: ReplayOptions, from: number, through: number): Promise<Ticks> {
  const ticks: Ticks = {
    tickOf: (time) => Math.max(0, Math.min(TICKS, Math.floor(((time - from) / (through - from)) * TICKS))),
    timeOf: (tick) => from + ((through - from) * tick) / TICKS,
  };
  const edges = inputEdges();
  for (let split = 0; split < SPLITS; split++) {
    const files = edges.map((_, input) => new ReplayFile(options.folder, input, split, ticks));
    await readSplit(options, split, files);
    if (split === SILENT_SPLIT) writeSilence(files[SILENT_INPUT]!, ticks, through);
    for (const file of files) file.close();
  }
  const ended = new ReplayFile(options.folder, SILENT_INPUT, ENDED_SPLIT, ticks);
  proves(ended, through);
  ended.close();
  return ticks;
}

/** Writes pairs of hash and key group, of texts made from a seed, for Flink to compare with its own. */
export function writeKeyGroups(path: string, seed: number, count: number): void {
  const random = seededRandom(seed);
  const pairs = Buffer.alloc(count * 8);
  for (let i = 0; i < count; i++) {
    const text = Buffer.from(`key-${Math.floor(random.next() * 2 ** 48)}`);
    const hash = hashBytes(text, 0, text.length);
    pairs.writeInt32BE(hash, i * 8);
    pairs.writeInt32BE(keyGroupOf(hash), i * 8 + 4);
  }
  writeFileSync(path, pairs);
}

/** One file of the replay. */
class ReplayFile {
  #tick = 0;
  readonly #ticks: Ticks;
  readonly #fd: number;
  readonly #origin: Origin;
  readonly #key: string;
  readonly #out = new ByteWriter();

  constructor(folder: string, input: number, split: number, ticks: Ticks) {
    this.#ticks = ticks;
    this.#fd = openSync(join(folder, `input-${input}-split-${split}`), "w");
    this.#origin = { index: split, count: input === SILENT_INPUT ? ENDED_SPLIT + 1 : SPLITS };
    const { node } = hosted.inputs[input]!;
    this.#key = node.type === "operator" ? node.keys[input]! : "";
  }

  /** A frame for each key group of the batch. */
  batch(batch: Batch): void {
    const { values } = changeColumns(batch).time;
    for (let row = 0; row < batch.count; row++) this.#advance(values[row]!);
    const keys = batch.column(this.#key) as TextColumn;
    const groups = new Map<number, { readonly hash: number; readonly rows: number[] }>();
    for (let row = 0; row < batch.count; row++) {
      const hash = keys.nulls[row] === 1 ? 0 : hashBytes(keys.heap, keys.starts[row]!, keys.ends[row]!);
      const group = groups.get(keyGroupOf(hash)) ?? { hash, rows: [] };
      groups.set(keyGroupOf(hash), group);
      group.rows.push(row);
    }
    for (const { hash, rows } of groups.values()) {
      this.#out.clear();
      this.#out.byte(ROWS);
      writeRows(batch, rows, this.#out);
      this.#write(hash);
    }
  }

  /** Behind the rows that it is about. */
  controlBehindRows(element: Control): void {
    if (element.type === "frontier") this.#advance(element.through);
    this.control(element);
  }

  control(element: Control): void {
    this.#out.clear();
    this.#out.byte(CONTROL);
    writeControl(this.#out, this.#origin, element);
    this.#write(0);
  }

  /** What follows is not read before this tick. */
  waitFor(tick: number): void {
    this.#tick = tick;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #advance(time: number): void {
    this.#tick = Math.max(this.#tick, this.#ticks.tickOf(time));
  }

  #write(key: number): void {
    const header = Buffer.alloc(12);
    header.writeInt32LE(this.#tick, 0);
    header.writeInt32LE(key, 4);
    header.writeInt32LE(this.#out.length, 8);
    writeSync(this.#fd, header);
    writeSync(this.#fd, this.#out.bytes());
  }
}

/** Reads the partitions of a split as the embedded runner would, and writes down what its first task hands on. */
async function readSplit(options: ReplayOptions, split: number, files: readonly ReplayFile[]): Promise<void> {
  const backend = memoryBackend();
  const tasks = new JobTasks({
    graph,
    backend,
    emit: () => undefined,
    exchange: ({ toInput }) => ({
      batch: (batch) => files[toInput]!.batch(batch),
      control: (element) => files[toInput]!.controlBehindRows(element),
      end: () => undefined,
      barrier: () => undefined,
    }),
  });
  const drivers = options.sources.flatMap((source) => {
    const reader = openReader(options, source, split);
    if (reader === undefined) return [];
    const models = modelsOf(graph).filter((model) => model.from.some((table) => table.source === source.name));
    const groups = new Map(reader.splits.map((each, index) => [splitKey(source.name, splitName(each)), index]));
    return [
      new SourceDriver(
        { reader, models, retainMs: days(180), backend, groups, now: () => 0 },
        {
          batch: (model, batch) => tasks.batch(model, batch),
          control: (model, element) => tasks.control(model, element),
          engineAlert: ({ message }) => assert(false, message),
          fault: ({ message }) => assert(false, message),
          suspension: ({ message }) => assert(false, message),
          mended: () => undefined,
          schemaChange: () => undefined,
        },
      ),
    ];
  });
  for (;;) {
    const open = drivers.flatMap((driver) =>
      driver.openSplits().map((index) => ({ driver, index, through: driver.readThrough(index) })),
    );
    if (open.length === 0) break;
    const next = open.reduce((least, candidate) => (candidate.through < least.through ? candidate : least));
    await next.driver.read(next.index, READ_BYTES);
  }
  for (const { reader } of drivers) reader.close();
}

/** A source as one split sees it; undefined where it has no partition of it. */
function openReader({ log }: ReplayOptions, source: SourceBinding, split: number) {
  const registry = new FolderRegistry(join(log, "schemas"));
  const topics = FileLog.topics(log);
  const partitions = Object.entries(source.tables).flatMap(([table, { topic }]) => {
    const { partitions: all } = topics.find((info) => info.topic === topic)!;
    return Array.from({ length: all }, (_, partition) => partition)
      .filter((partition) => table === source.heartbeatTable || splitOf(source.name, partition, all) === split)
      .map((partition) => ({ table, partition, reader: new FileLogReader(log, topic, partition) }));
  });
  if (partitions.every(({ table }) => table === source.heartbeatTable)) return undefined;
  return new DebeziumReader({ source, models: modelsOf(graph), registry, partitions });
}

function splitOf(source: string, partition: number, partitions: number): number {
  return source === "ledger" ? 0 : Math.floor((partition * SPLITS) / partitions);
}

/** What the silent split says: now and then, that all was read a while ago, and in the end that it has ended. */
function writeSilence(file: ReplayFile, ticks: Ticks, through: number): void {
  for (let tick = 0; tick <= TICKS; tick += SILENCE) {
    const time = tick === TICKS ? through : ticks.timeOf(tick - SILENCE);
    file.waitFor(tick);
    proves(file, time);
  }
}

function proves(file: ReplayFile, time: number): void {
  file.control({ type: "frontier", source: "ledger", through: time, since: BEFORE_ALL_TIME });
  file.control({ type: "watermark", time });
}
