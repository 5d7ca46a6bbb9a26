import type { Batch } from "../../base/batch.ts";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import type { Job } from "../../checks/job.ts";
import type { Graph, Node, OperatorNode } from "../../dataflow/graph.ts";
import type { Control, KeyedState, Operator, OperatorContext, StateCodec } from "../../dataflow/operator.ts";
import { TimerQueue } from "../../state/timer-queue.ts";

/** A keyed state that keeps bytes: values live as objects during one call of the operator only. */
class WrittenState<T> implements KeyedState<T> {
  readonly #codec: StateCodec<T>;
  readonly #bytes: Map<Key, Buffer>;
  readonly #live = new Map<Key, T>();

  constructor(codec: StateCodec<T>, bytes: Map<Key, Buffer>) {
    this.#codec = codec;
    this.#bytes = bytes;
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

/**
 * An operator that is thrown away after every call, and made anew from what it saved: its keys as bytes, its timers, and
 * what it writes besides.
 */
class RestartingOperator implements Operator {
  readonly #create: () => Operator;
  readonly #bytes = new Map<string, Map<Key, Buffer>>();
  readonly #timers = new Map<string, TimerQueue>();
  readonly #statuses = new Map<string, { readonly input: number; readonly element: Control }>();
  #context!: OperatorContext;
  #states: WrittenState<unknown>[] = [];
  #operator!: Operator;

  constructor(create: () => Operator) {
    this.#create = create;
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#start();
  }

  batch(input: number, batch: Batch): void {
    this.#operator.batch(input, batch);
    this.#restart();
  }

  control(input: number, element: Control): void {
    if (element.type === "status") this.#statuses.set(element.source, { input, element });
    this.#operator.control(input, element);
    this.#restart();
  }

  end(): void {
    this.#operator.end();
  }

  report(): void {
    this.#operator.report?.();
  }

  #start(): void {
    this.#states = [];
    this.#operator = this.#create();
    this.#operator.open({
      state: <T>(name: string, codec: StateCodec<T>) => {
        const bytes = this.#bytes.get(name) ?? new Map<Key, Buffer>();
        this.#bytes.set(name, bytes);
        const state = new WrittenState(codec, bytes);
        this.#states.push(state as WrittenState<unknown>);
        return state;
      },
      timers: (name) => {
        const timers = this.#timers.get(name) ?? new TimerQueue();
        this.#timers.set(name, timers);
        return timers;
      },
      forward: (batch) => this.#context.forward(batch),
      emit: (output, record) => this.#context.emit(output, record),
    });
  }

  #restart(): void {
    for (const state of this.#states) state.write();
    const saved = new ByteWriter();
    this.#operator.save?.(saved);
    this.#start();
    const input = new ByteReader(saved.bytes());
    this.#operator.restore?.([input], true);
    if (!input.isAtEnd) throw new Error("what the operator saved was not read whole");
    // Whoever watches the sources finds out anew which of them are stale.
    for (const { input, element } of this.#statuses.values()) this.#operator.control(input, element);
    for (const state of this.#states) state.write();
  }
}

/** The same job, with operators that are restarted after everything that they are told. */
export function restarting(job: Job): Job {
  return {
    name: job.name,
    graph: () => {
      const graph = job.graph();
      return { ...graph, nodes: graph.nodes.map(restartingNode) } as Graph;
    },
  };
}

function restartingNode(node: Node): Node {
  if (node.type !== "operator") return node;
  const { create } = node;
  return { ...node, create: () => new RestartingOperator(create) } as OperatorNode;
}
