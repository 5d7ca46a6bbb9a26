import type { Batch } from "../base/batch.ts";
import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Graph } from "../dataflow/graph.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";
import { ChainTask } from "./chain-task.ts";
import type { OperatorMetrics } from "./operators/operator-host.ts";
import { type Plan, planOf } from "./plan.ts";

/** The tasks of a job in this process, one subtask each: the exchanges between them are direct calls. */
export class JobTasks {
  readonly #plan: Plan;
  readonly #tasks: readonly ChainTask[];
  readonly #entries: ReadonlyMap<Model, { readonly task: ChainTask; readonly input: number }>;
  readonly #frontiers = new Map<string, number>();
  readonly #emit: (output: string, record: unknown) => void;

  /** `emit` takes the records of side outputs and sinks, by name. */
  constructor(graph: Graph, emit: (output: string, record: unknown) => void) {
    this.#emit = emit;
    this.#plan = planOf(graph);
    this.#tasks = this.#plan.tasks.map((task) => new ChainTask(task));
    for (const [index, task] of this.#tasks.entries()) this.#open(task, index);
    const entries = this.#plan.entries.map(
      ({ node, task, input }) => [node.model, { task: this.#tasks[task]!, input }] as const,
    );
    this.#entries = new Map(entries);
  }

  metrics(): OperatorMetrics[] {
    return this.#tasks.flatMap((task) => task.metrics);
  }

  /** Adds and retracts of a model. */
  batch(model: Model, batch: Batch): void {
    const { task, input } = this.#entryOf(model);
    task.batch(input, batch);
  }

  /** A control element of a model's changelog; behind a frontier follows the watermark, the least of its sources'. */
  control(model: Model, element: Control): void {
    const { task, input } = this.#entryOf(model);
    task.control(input, element);
    if (element.type !== "frontier") return;
    this.#frontiers.set(element.source, element.through);
    const time = Math.min(...model.from.map((from) => this.#frontiers.get(from.source) ?? BEFORE_ALL_TIME));
    if (time > BEFORE_ALL_TIME) task.control(input, { type: "watermark", time });
  }

  /** A control element for every changelog. */
  broadcast(element: Control): void {
    for (const { task, input } of this.#entries.values()) task.control(input, element);
  }

  /** All changelogs have ended. */
  end(): void {
    for (const { task, input } of this.#entries.values()) task.end(input);
  }

  #entryOf(model: Model): { readonly task: ChainTask; readonly input: number } {
    const entry = this.#entries.get(model);
    assert(entry !== undefined, `model ${model.name} is read by the graph`);
    return entry;
  }

  #open(task: ChainTask, index: number): void {
    const edges = this.#plan.tasks[index]!.outputs;
    task.open({
      forward: (output, batch) => this.#tasks[edges[output]!.toTask]!.batch(edges[output]!.toInput, batch),
      control: (output, element) => this.#tasks[edges[output]!.toTask]!.control(edges[output]!.toInput, element),
      end: (output) => this.#tasks[edges[output]!.toTask]!.end(edges[output]!.toInput),
      emit: this.#emit,
    });
  }
}
