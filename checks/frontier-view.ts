import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";

interface SourceView {
  /** Frontier on each input that carries the source. */
  readonly inputs: Map<number, number>;
  since: number;
  stale: boolean;
}

/** What a check sees of the frontiers: one per source, the least of the inputs that carry it. */
export class FrontierView {
  readonly #sources = new Map<string, SourceView>();

  /** `models`: what each input brings. */
  constructor(models: readonly Model[]) {
    models.forEach((model, input) => {
      for (const { source } of model.from) {
        const view = this.#sources.get(source) ?? { inputs: new Map(), since: BEFORE_ALL_TIME, stale: false };
        view.inputs.set(input, BEFORE_ALL_TIME);
        this.#sources.set(source, view);
      }
    });
  }

  /** A frontier arrived on an input. */
  advance(input: number, source: string, through: number, since: number): void {
    const view = this.#sources.get(source);
    if (view === undefined) return;
    view.inputs.set(input, through);
    view.since = Math.max(view.since, since);
  }

  /** Marks a source; false when nothing changed. */
  setStale(source: string, stale: boolean): boolean {
    const view = this.#sources.get(source);
    if (view === undefined || view.stale === stale) return false;
    view.stale = stale;
    return true;
  }

  /** The frontier of one source. */
  of(source: string): number {
    return least(this.#sources.get(source)!);
  }

  /** The point that all sources have reached. */
  through(): number {
    return Math.min(...[...this.#sources.values()].map(least));
  }

  /** The point that all but the stale sources have reached; undefined when none is stale, or all are. */
  throughOfActive(): number | undefined {
    const views = [...this.#sources.values()];
    const active = views.filter((view) => !view.stale);
    if (active.length === views.length || active.length === 0) return undefined;
    return Math.min(...active.map(least));
  }

  /** Names of the sources that are stale. */
  staleSources(): string[] {
    return [...this.#sources].flatMap(([source, view]) => (view.stale ? [source] : []));
  }

  /** Since when the history of all sources is known: the newest seed, −∞ without any. */
  since(): number {
    return Math.max(...[...this.#sources.values()].map((view) => view.since));
  }
}

function least(view: SourceView): number {
  return Math.min(...view.inputs.values());
}
