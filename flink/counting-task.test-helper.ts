import type { Batch, Layout } from "../base/batch.ts";
import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { TextColumn } from "../base/columns.ts";
import type { Control } from "../dataflow/operator.ts";
import type { AskingTask, CheckpointPart, KeptState, PartsAtBarrier, TaskOutput } from "../runtime/task.ts";
import type { HostedTask, ResultOutlet, SinkOutput, SourceInlet, TaskFormat } from "./hosted-task.ts";

const UID = "count";
const layout: Layout = [{ name: "key", type: "text" }];

/** Rows are texts, each with its length in front; there are two subtasks behind. */
const countingFormat: TaskFormat = {
  inputs: [layout, layout],
  outputs: [{ task: 2, input: 0 }],
  readRows(_input, from, into) {
    while (!from.isAtEnd) {
      into.grow(into.count + 1);
      (into.columns[0] as TextColumn).set(into.count++, from.text());
    }
  },
  cutRows(_output, batch, take) {
    const keys = batch.columns[0] as TextColumn;
    for (let row = 0; row < batch.count; row++) {
      take(groupOf(keys.text(row)) % 2, {
        write: (out) => out.text(keys.text(row)),
        copy: (into) => void into.append(batch, row),
      });
    }
  },
};

/** Results are written at once, as JSON under their tag; what is saved of them is what was restored. */
export class CountingResults implements ResultOutlet {
  isFull = false;
  isStuck = false;
  readonly restored: string[] = [];
  readonly confirmations: number[] = [];
  readonly #sinks: SinkOutput;
  readonly #name: string;

  constructor(sinks: SinkOutput, name: string) {
    this.#sinks = sinks;
    this.#name = name;
  }

  emit(tag: string, record: unknown): void {
    this.#sinks.record(0, Buffer.from(tag), Buffer.from(JSON.stringify(record)), 1.5);
  }

  save(checkpoint: number): Uint8Array {
    return Buffer.from(`${this.#name}@${checkpoint}`);
  }

  restore(saved: readonly Uint8Array[]): void {
    this.restored.push(...saved.map((bytes) => Buffer.from(bytes).toString()));
  }

  confirmed(checkpoint: number): void {
    this.confirmations.push(checkpoint);
  }
}

/** A task that counts, as a driver hosts it. */
export function hostCounting(task: CountingTask, results: ResultOutlet, sources?: SourceInlet): HostedTask {
  return {
    ...{ task, format: countingFormat, results },
    ...(sources === undefined ? {} : { sources }),
    metrics: () => [{ name: UID, values: { keys: task.keys } }],
    takeFiles: ({ keyed }) => {
      for (const part of keyed) task.take(part);
    },
    close: () => undefined,
  };
}

/** Counts the rows of each key; says what it was told, and at each watermark what it has counted. */
export class CountingTask implements AskingTask {
  readonly kept: readonly KeptState[] = [{ uid: UID, states: [{ name: "count", schema: '"long"' }], timers: [] }];
  /** Barriers whose parts somebody may still pull. */
  heldBarriers = 0;
  /** Calls for parts that bring none, before those that do. */
  idleSteps = 0;
  /** As if a look-up had rows in hand. */
  isBusy = false;
  isFull = false;
  isClosed = false;
  #restoredOwn = 0;
  #counts = new Map<string, number>();
  #output!: TaskOutput;

  open(output: TaskOutput): void {
    this.#output = output;
  }

  batch(input: number, batch: Batch): void {
    this.#output.emit("batch", { input, rows: batch.count });
    const keys = batch.columns[0] as TextColumn;
    for (let row = 0; row < batch.count; row++) this.#add(keys.text(row), 1);
    this.#output.forward(0, batch);
  }

  control(input: number, element: Control): void {
    this.#output.emit("control", { input, element });
    if (element.type === "watermark") this.#output.emit("counts", Object.fromEntries([...this.#counts].sort()));
  }

  /** Each call hands one row out, and has nothing in hand then. */
  poll(): boolean {
    if (!this.isBusy) return false;
    this.isBusy = this.isFull = false;
    this.#output.emit("polled", null);
    return true;
  }

  get keys(): number {
    return this.#counts.size;
  }

  close(): void {
    this.isClosed = true;
  }

  processingTime(time: number): void {
    this.#output.emit("time", time);
  }

  end(input: number): void {
    this.#output.emit("end", input);
  }

  report(): void {
    this.#output.emit("report", this.#counts.size);
  }

  barrier(): PartsAtBarrier {
    const own = new ByteWriter();
    own.uint(1);
    const parts = [...byGroup([...this.#counts])].sort(([left], [right]) => left - right).map(partOf);
    this.heldBarriers++;
    let isHeld = true;
    const release = () => {
      if (isHeld) this.heldBarriers--;
      isHeld = false;
    };
    const next = () => {
      if (this.idleSteps > 0) {
        this.idleSteps--;
        return [];
      }
      const part = parts.shift();
      if (part === undefined) release();
      return part && [part];
    };
    const files = () => ({ store: { tables: [], segments: [] }, uids: new Map(), keyed: parts.splice(0) });
    return { own: [{ uid: UID, keyGroup: -1, bytes: own.bytes() }], next, files, release };
  }

  take({ keyGroup, bytes }: CheckpointPart): void {
    const input = new ByteReader(bytes);
    if (keyGroup < 0) this.#restoredOwn += input.uint();
    else while (!input.isAtEnd) this.#add(input.text(), input.uint());
  }

  restored(_kept: readonly KeptState[], isFirst: boolean): void {
    this.#output.emit("restored", { own: this.#restoredOwn, isFirst });
  }

  #add(key: string, count: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }
}

function partOf([keyGroup, entries]: readonly [number, readonly (readonly [string, number])[]]): CheckpointPart {
  const out = new ByteWriter();
  for (const [key, count] of entries) {
    out.text(key);
    out.uint(count);
  }
  return { uid: UID, keyGroup, bytes: out.bytes() };
}

/** Any spread will do here. */
function groupOf(key: string): number {
  return key.charCodeAt(0) % 128;
}

function byGroup(counts: readonly (readonly [string, number])[]) {
  const groups = new Map<number, (readonly [string, number])[]>();
  for (const entry of counts) {
    const group = groupOf(entry[0]);
    groups.set(group, [...(groups.get(group) ?? []), entry]);
  }
  return groups;
}
