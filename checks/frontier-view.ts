import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";

interface SourceView {
  /** Frontier on each input that carries the source. */
  readonly inputs: Map<number, number>;
  /** The least of them. */
  through: number;
  since: number;
  stale: boolean;
}

/** What a check sees of the frontiers: one per source, the least of the inputs that carry it. */
export class FrontierView {
  readonly #sources = new Map<string, SourceView>();
  /** The point that all sources have reached. */
  through = BEFORE_ALL_TIME;
  /** Since when the history of all sources is known: the newest seed, −∞ without any. */
  since = BEFORE_ALL_TIME;

  /** `models`: what each input brings. */
  constructor(models: readonly Model[]) {
    models.forEach((model, input) => {
      for (const { source } of model.from) {
        const view = this.#sources.get(source) ?? newView();
        view.inputs.set(input, BEFORE_ALL_TIME);
        this.#sources.set(source, view);
      }
    });
  }

  /** A frontier arrived on an input. */
  advance(input: number, source: string, through: number, since: number): void {
    const view = this.#sources.get(source);
    if (view === undefined) return;
    // One that goes back, because a run began again with a longer transaction or with more tables, takes nothing back.
    view.inputs.set(input, Math.max(through, view.inputs.get(input) ?? through));
    const before = view.through;
    view.through = Math.min(...view.inputs.values());
    // Who moves is not stale; that it is said so comes a moment later.
    if (view.through > before) view.stale = false;
    view.since = Math.max(view.since, since);
    this.through = leastOf([...this.#sources.values()]);
    this.since = Math.max(this.since, since);
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
    return this.#sources.get(source)!.through;
  }

  /** The point that all but the stale sources have reached; undefined when none is stale, or all are. */
  throughOfActive(): number | undefined {
    const views = [...this.#sources.values()];
    const active = views.filter((view) => !view.stale);
    if (active.length === views.length || active.length === 0) return undefined;
    return leastOf(active);
  }

  /** Names of the sources that are stale. */
  staleSources(): string[] {
    return [...this.#sources].flatMap(([source, view]) => (view.stale ? [source] : []));
  }

  /** Writes how far sources were read. That a source is stale is found out anew. */
  save(out: ByteWriter): void {
    out.uint(this.#sources.size);
    for (const [source, { inputs, since }] of this.#sources) {
      out.text(source);
      out.float64(since);
      out.uint(inputs.size);
      for (const [input, through] of inputs) {
        out.uint(input);
        out.float64(through);
      }
    }
  }

  /** Takes in what `save` wrote. `inputs`: by number at that time, their numbers now. */
  restore(input: ByteReader, inputs: readonly number[]): void {
    for (let sources = input.uint(); sources > 0; sources--) {
      const source = input.text();
      const since = input.float64();
      for (let left = input.uint(); left > 0; left--) {
        this.advance(inputs[input.uint()]!, source, input.float64(), since);
      }
    }
  }
}

function newView(): SourceView {
  return { inputs: new Map(), through: BEFORE_ALL_TIME, since: BEFORE_ALL_TIME, stale: false };
}

function leastOf(views: readonly SourceView[]): number {
  return Math.min(...views.map((view) => view.through));
}
