import { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { TextColumn } from "../../base/columns.ts";
import type { Key } from "../../base/key.ts";
import type { Job } from "../../checks/job.ts";
import type { OperatorNode } from "../../dataflow/graph.ts";
import type { Control, KeyedState, Operator, OperatorContext, StateCodec } from "../../dataflow/operator.ts";
import type { RecordsOptions } from "../../dataflow/records.ts";
import { HotRecords } from "../../state/hot-records.ts";
import { hashBytes, keyGroupOf, subtaskOf } from "../../state/key-groups.ts";
import { memoryBackend } from "../../testing/memory-backend.ts";
import { RemovableTimers } from "../support/removable-timers.ts";

/** A keyed state that keeps bytes: values live as objects during one call of the operator only. */
class WrittenState<T> implements KeyedState<T> {
  readonly #codec: StateCodec<T>;
  readonly #bytes = new Map<Key, Buffer>();
  readonly #live = new Map<Key, T>();

  constructor(codec: StateCodec<T>) {
    this.#codec = codec;
  }

  /** Keys with their values as bytes. */
  get bytes(): ReadonlyMap<Key, Buffer> {
    this.write();
    return this.#bytes;
  }

  put(key: Key, bytes: Buffer): void {
    this.#bytes.set(key, bytes);
  }

  get(key: Key): T | undefined {
    const live = this.#live.get(key);
    const bytes = this.#bytes.get(key);
    if (live !== undefined || bytes === undefined) return live;
    const value = this.#read(bytes);
    this.#live.set(key, value);
    return value;
  }

  set(key: Key, value: T): void {
    this.#live.set(key, value);
    this.#bytes.set(key, Buffer.alloc(0));
  }

  delete(key: Key): void {
    this.#live.delete(key);
    this.#bytes.delete(key);
  }

  mayHave(hash: number): boolean {
    return [...this.#bytes.keys()].some((key) => hashBytes(Buffer.from(key), 0, Buffer.byteLength(key)) === hash);
  }

  forEach(visit: (key: Key, value: T) => void): void {
    this.write();
    for (const [key, bytes] of this.#bytes) visit(key, this.#read(bytes));
  }

  get size(): number {
    return this.#bytes.size;
  }

  /** The call is over: only bytes are left. */
  write(): void {
    const out = new ByteWriter();
    for (const [key, value] of this.#live) {
      out.clear();
      this.#codec.write(value, out);
      this.#bytes.set(key, Buffer.from(out.bytes()));
    }
    this.#live.clear();
  }

  #read(bytes: Buffer): T {
    const input = new ByteReader(bytes);
    const value = this.#codec.read(input);
    if (!input.isAtEnd) throw new Error("a value was not read whole");
    return value;
  }
}

/** One subtask of an operator, with the keys that it owns. */
class Subtask {
  readonly operator: Operator;
  readonly states = new Map<string, WrittenState<unknown>>();
  readonly timers = new Map<string, RemovableTimers>();
  readonly records = new Map<string, { readonly all: HotRecords; readonly options: RecordsOptions }>();

  constructor(operator: Operator, context: OperatorContext) {
    this.operator = operator;
    const { store, alarms } = memoryBackend();
    operator.open({
      isFirst: context.isFirst,
      state: <T>(name: string, codec: StateCodec<T>) => {
        const state = new WrittenState(codec);
        this.states.set(name, state as WrittenState<unknown>);
        return state;
      },
      timers: (name) => {
        const timers = new RemovableTimers();
        this.timers.set(name, timers);
        return timers;
      },
      records: (name, options) => {
        const all = new HotRecords({ table: store.table(name), arenaBytes: 0 });
        this.records.set(name, { all, options });
        return all;
      },
      alarms,
      forward: (batch) => context.forward(batch),
      forwardTo: (tag, batch) => context.forwardTo(tag, batch),
      emit: (output, record) => context.emit(output, record),
    });
  }

  /** The call of the operator is over. */
  write(): void {
    for (const state of this.states.values()) state.write();
  }

  save(): Buffer {
    const out = new ByteWriter();
    this.operator.save?.(out);
    return Buffer.from(out.bytes());
  }
}

/**
 * An operator that is thrown away after every call, and made anew from what it saved: its keys as bytes, its timers and
 * records, and what it writes besides. Each time it has another number of subtasks.
 */
class RestartingOperator implements Operator {
  readonly #node: OperatorNode;
  readonly #statuses = new Map<string, { readonly input: number; readonly element: Control }>();
  #context!: OperatorContext;
  #subtasks: readonly Subtask[] = [];

  constructor(node: OperatorNode) {
    this.#node = node;
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#subtasks = this.#start(1);
  }

  batch(input: number, batch: Batch): void {
    const column = this.#node.keys[input];
    // Rows of no key are everybody's.
    const keys = column === undefined ? undefined : (batch.column(column) as TextColumn);
    for (const [index, { operator }] of this.#subtasks.entries()) {
      const own = new Batch(batch.layout);
      for (let row = 0; row < batch.count; row++) {
        const isOwn = keys === undefined || ownerOf(keys.get(row) ?? "", this.#subtasks) === index;
        if (isOwn) own.append(batch, row);
      }
      operator.batch(input, own);
    }
    this.#restart();
  }

  control(input: number, element: Control): void {
    if (element.type === "status") this.#statuses.set(element.source, { input, element });
    this.#broadcast(input, element);
    this.#restart();
  }

  end(): void {
    for (const { operator } of this.#subtasks) operator.end();
  }

  report(): void {
    for (const { operator } of this.#subtasks) operator.report?.();
  }

  #start(count: number): readonly Subtask[] {
    const subtask = (_: unknown, index: number) =>
      new Subtask(this.#node.create(), { ...this.#context, isFirst: index === 0 });
    return Array.from({ length: count }, subtask);
  }

  #restart(): void {
    const before = this.#subtasks;
    const saved = before.map((subtask) => subtask.save());
    this.#subtasks = this.#start((before.length % 3) + 1);
    for (const { states, timers, records } of before) {
      for (const [name, state] of states)
        for (const [key, bytes] of state.bytes) this.#ownerOf(key).states.get(name)!.put(key, bytes);
      for (const [name, queue] of timers) {
        for (let next = queue.next(Infinity); next !== undefined; next = queue.next(Infinity)) {
          this.#ownerOf(next.key).timers.get(name)!.register(next.key, next.time);
        }
      }
      for (const [name, { all }] of records)
        all.forEach((address) => {
          copyRecord(all, address, this.#ownerOf(all.keyAt(address)).records.get(name)!.all);
        });
    }
    for (const subtask of this.#subtasks) {
      subtask.operator.restore?.(saved.map((bytes) => new ByteReader(bytes)));
      for (const [name, { options }] of before[0]!.records) upgrade(subtask.records.get(name)!, options);
      subtask.operator.recover?.();
      subtask.write();
    }
    // Whoever watches the sources finds out anew which of them are stale.
    for (const { input, element } of this.#statuses.values()) this.#broadcast(input, element);
  }

  #broadcast(input: number, element: Control): void {
    for (const subtask of this.#subtasks) {
      subtask.operator.control(input, element);
      subtask.write();
    }
  }

  #ownerOf(key: Key): Subtask {
    return this.#subtasks[ownerOf(key, this.#subtasks)]!;
  }
}

function copyRecord(from: HotRecords, address: number, to: HotRecords): void {
  const key = Buffer.from(from.keyAt(address));
  const length = from.lengthAt(address);
  const target = to.add(from.hashAt(address), key, 0, key.length, length);
  to.bytes.set(from.bytes.subarray(address, address + length), target);
}

/** Records that another version of the job wrote are the operator's to take. */
function upgrade({ all, options }: { all: HotRecords; options: RecordsOptions }, before: RecordsOptions): void {
  if (options.areFormer === true || options.schema !== before.schema) {
    all.drain((address) => options.upgrade(before.schema, address));
  }
}

function ownerOf(key: Key, subtasks: readonly unknown[]): number {
  const bytes = Buffer.from(key);
  return subtaskOf(keyGroupOf(hashBytes(bytes, 0, bytes.length)), subtasks.length);
}

/** The same job, with operators that are restarted after everything that they are told. */
export function restarting(job: Job): Job {
  return {
    ...job,
    graph() {
      const graph = job.graph();
      const nodes = graph.nodes.map((node) =>
        node.type === "operator" ? { ...node, create: () => new RestartingOperator(node) } : node,
      );
      return { ...graph, nodes };
    },
  };
}
