import type { Batch } from "../base/batch.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import { ChainTask } from "./chain-task.ts";
import { type Entry, ModelEntries } from "./model-entries.ts";
import type { LookupStage } from "./operators/lookup-stage.ts";
import type { OperatorHost, OperatorMetrics, StateBackend } from "./operators/operator-host.ts";
import { type Plan, planOf, type TaskEdge } from "./plan.ts";
import type { KeptState, TaskOutput } from "./task.ts";

/** Takes what travels on a data channel, in order. */
export interface Port extends Entry {
  end(): void;
  /** All before it belongs to the checkpoint that is being taken, all behind it does not. */
  barrier(): void;
}

/** What the tasks of a worker are made of. */
export interface JobTasksOptions {
  readonly graph: Graph;
  readonly backend: StateBackend;
  /** They are the first subtasks of their tasks. Default: true, for there are no others. */
  readonly isFirst?: boolean;
  /** Takes the records of side outputs and sinks, by name. */
  readonly emit: (output: string, record: unknown) => void;
  /** Puts an exchange by `key` in front of a task's input; without it rows go straight to the task of this worker. */
  readonly exchange?: (edge: KeyedEdge, input: Port) => Port;
  /** Called when `poll` has something to do. */
  readonly wake?: (() => void) | undefined;
  /** Called when the barrier has reached every task. */
  readonly onBarrier?: () => void;
}

/** An edge whose rows are exchanged by key; without one every row goes to all subtasks. */
export interface KeyedEdge extends TaskEdge {
  readonly fromTask: number;
  readonly key: string | undefined;
}

/** The tasks of a job in one worker, a subtask of each, and what connects them. */
export class JobTasks {
  readonly #plan: Plan;
  readonly #tasks: readonly ChainTask[];
  readonly #inputs: readonly (readonly Port[])[];
  readonly #outputs: readonly (readonly Port[])[];
  readonly #entries: ModelEntries<Port>;
  /** Inputs of each task that the barrier has reached. */
  readonly #reached: number[];
  /** Inputs of all tasks that have not ended. */
  #openInputs = 0;
  #tasksReached = 0;
  readonly #onBarrier: () => void;

  constructor({ graph, backend, isFirst, emit, exchange, wake, onBarrier }: JobTasksOptions) {
    this.#plan = planOf(graph);
    this.#onBarrier = onBarrier ?? (() => undefined);
    this.#tasks = this.#plan.tasks.map((task) => new ChainTask(task, backend, isFirst));
    this.#reached = this.#tasks.map(() => 0);
    this.#inputs = this.#plan.tasks.map(({ inputs }, task) => inputs.map((_, input) => this.#portOf(task, input)));
    this.#outputs = this.#plan.tasks.map(({ outputs }, task) =>
      outputs.map((edge) => this.#connect(task, edge, exchange)),
    );
    for (const [index, task] of this.#tasks.entries()) this.#open(task, this.#outputs[index]!, emit, wake);
    const entries = this.#plan.entries.map(
      ({ node, task, input }) => [node.model, this.#inputs[task]![input]!] as const,
    );
    this.#entries = new ModelEntries(new Map(entries));
  }

  metrics(): OperatorMetrics[] {
    return this.#tasks.flatMap((task) => task.metrics);
  }

  /** The keyed operators of all tasks. */
  get hosts(): OperatorHost[] {
    return this.#tasks.flatMap((task) => task.hosts);
  }

  /** The look-ups of all tasks. */
  get lookups(): LookupStage[] {
    return this.#tasks.flatMap((task) => task.lookups);
  }

  get kept(): KeptState[] {
    return this.#tasks.flatMap((task) => task.kept);
  }

  /** All inputs of all tasks have ended, and nothing is in hand any more. */
  get ended(): boolean {
    return this.#openInputs === 0 && !this.isBusy;
  }

  /** A look-up has something in hand, or an operator something to do: see `AskingTask`, which says when to `poll`, and when to hand in nothing more. */
  get isBusy(): boolean {
    return this.#tasks.some(({ isBusy }) => isBusy);
  }

  get isFull(): boolean {
    return this.#tasks.some(({ isFull }) => isFull);
  }

  /** Adds and retracts of a model. */
  batch(model: Model, batch: Batch): void {
    this.#entries.batch(model, batch);
  }

  /** A control element of a model's changelog; behind a frontier follows the watermark, the least of its sources'. */
  control(model: Model, element: Control): void {
    this.#entries.control(model, element);
  }

  /** A control element for every changelog. */
  broadcast(element: Control): void {
    this.#entries.broadcast(element);
  }

  /** Lets a barrier into every changelog. */
  barrier(): void {
    for (const entry of this.#entries.all) entry.barrier();
  }

  processingTime(time: number): void {
    for (const task of this.#tasks) task.processingTime(time);
  }

  /** Hands on what look-ups have brought since, and asks on; false when there was nothing. JOB_LOOKUP_FAILED. */
  poll(now: number): boolean {
    let some = false;
    for (const task of this.#tasks) if (task.poll(now)) some = true;
    return some;
  }

  /** Lets operators do all that they have left to do, at once. */
  catchUp(): void {
    for (const host of this.hosts) while (host.isBehind) host.catchUp();
  }

  /** All changelogs have ended. */
  end(): void {
    for (const entry of this.#entries.all) entry.end();
  }

  /** Nobody waits for look-ups any more. */
  close(): void {
    for (const task of this.#tasks) task.close();
  }

  /** Everything has ended: hands out what is known of every key. */
  report(): void {
    for (const task of this.#tasks) task.report();
  }

  #portOf(task: number, input: number): Port {
    const target = this.#tasks[task]!;
    this.#openInputs++;
    return {
      batch: (batch) => target.batch(input, batch),
      control: (element) => target.control(input, element),
      end: () => {
        this.#openInputs--;
        target.end(input);
      },
      barrier: () => this.#barrierReached(task),
    };
  }

  /** A barrier goes on behind a task when it has come on all inputs; those that had it wait meanwhile. */
  #barrierReached(task: number): void {
    this.#reached[task]!++;
    if (this.#reached[task]! < this.#plan.tasks[task]!.inputs.length) return;
    this.#reached[task] = 0;
    this.#tasksReached++;
    for (const output of this.#outputs[task]!) output.barrier();
    if (this.#tasksReached < this.#tasks.length) return;
    this.#tasksReached = 0;
    this.#onBarrier();
  }

  #connect(fromTask: number, edge: TaskEdge, exchange: JobTasksOptions["exchange"]): Port {
    const { node, input } = this.#plan.tasks[edge.toTask]!.inputs[edge.toInput]!;
    const port = this.#inputs[edge.toTask]![edge.toInput]!;
    if (exchange === undefined || node.type !== "operator") return port;
    return exchange({ ...edge, fromTask, key: node.keys[input] }, port);
  }

  #open(task: ChainTask, outputs: readonly Port[], emit: JobTasksOptions["emit"], wake: JobTasksOptions["wake"]): void {
    const output: TaskOutput = {
      forward: (to, batch) => outputs[to]!.batch(batch),
      control: (to, element) => outputs[to]!.control(element),
      end: (to) => outputs[to]!.end(),
      emit,
    };
    task.open(output, wake);
  }
}
