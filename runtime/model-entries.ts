import type { Batch } from "../base/batch.ts";
import { assert } from "../base/errors.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control } from "../dataflow/operator.ts";

/** Takes what enters a task by one of its inputs. */
export interface Entry {
  batch(batch: Batch): void;
  control(element: Control): void;
}

/** Where the changelogs of models enter the tasks of a job. */
export class ModelEntries<E extends Entry> {
  readonly #entries: ReadonlyMap<Model, E>;
  /** What each source said last. */
  readonly #frontiers = new Map<string, number>();

  constructor(entries: ReadonlyMap<Model, E>) {
    this.#entries = entries;
  }

  get all(): Iterable<E> {
    return this.#entries.values();
  }

  /** Adds and retracts of a model. */
  batch(model: Model, batch: Batch): void {
    this.#of(model).batch(batch);
  }

  /** A control element of a model's changelog; behind a frontier follows the watermark, the least of its sources'. */
  control(model: Model, element: Control): void {
    const entry = this.#of(model);
    entry.control(element);
    if (element.type !== "frontier") return;
    this.#frontiers.set(element.source, element.through);
    const time = Math.min(...model.from.map((from) => this.#frontiers.get(from.source) ?? BEFORE_ALL_TIME));
    if (time > BEFORE_ALL_TIME) entry.control({ type: "watermark", time });
  }

  /** A control element for every changelog. */
  broadcast(element: Control): void {
    for (const entry of this.all) entry.control(element);
  }

  #of(model: Model): E {
    const entry = this.#entries.get(model);
    assert(entry !== undefined, `model ${model.name} is read by the graph`);
    return entry;
  }
}
