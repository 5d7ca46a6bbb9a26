import type { Key } from "../../base/key.ts";
import type { Expiring } from "../expiry.ts";
import type { KeyedState } from "../operator.ts";
import { type AnyRow, Cells, type Moment } from "./state-cells.ts";
import type { ListState, MapState, StateSpec, ValueState } from "./state-spec.ts";
import type { Contents, Stored } from "./stored.ts";

/** A state as the function sees it, which can also be pruned. */
export type StateView = (ValueState<AnyRow> | ListState<AnyRow> | MapState<AnyRow>) & Expiring;

/** Makes the view of a declared state, always of the moment's key. */
export function stateView(name: string, spec: StateSpec, keyed: KeyedState<unknown>, moment: Moment): StateView {
  const cells = new Cells(name, spec, moment);
  switch (spec.kind) {
    case "value":
      return new ValueView(cells, keyed as KeyedState<Contents["value"]>);
    case "list":
      return new ListView(cells, keyed as KeyedState<Contents["list"]>);
    case "map":
      return new MapView(cells, keyed as KeyedState<Contents["map"]>);
  }
}

class ValueView implements ValueState<AnyRow>, Expiring {
  readonly #cells: Cells;
  readonly #keyed: KeyedState<Stored>;

  constructor(cells: Cells, keyed: KeyedState<Stored>) {
    this.#cells = cells;
    this.#keyed = keyed;
  }

  get(): AnyRow | undefined {
    const stored = this.#keyed.get(this.#cells.moment.key);
    return stored !== undefined && this.#cells.isLive(stored) ? this.#cells.show(stored) : undefined;
  }

  set(value: AnyRow): void {
    const stored = this.#cells.make(value);
    if (stored === undefined) this.clear();
    else this.#keyed.set(this.#cells.moment.key, stored);
  }

  clear(): void {
    this.#keyed.delete(this.#cells.moment.key);
  }

  prune(key: Key): number | undefined {
    const found = this.#keyed.get(key);
    if (found === undefined) return undefined;
    const stored = this.#cells.dated(found);
    if (this.#cells.isLive(stored)) {
      this.#keyed.set(key, stored);
      return this.#cells.due(stored.since!);
    }
    this.#keyed.delete(key);
    return undefined;
  }
}

class ListView implements ListState<AnyRow>, Expiring {
  readonly #cells: Cells;
  readonly #counts: LiveCounts;
  readonly #keyed: KeyedState<Stored[]>;

  constructor(cells: Cells, keyed: KeyedState<Stored[]>) {
    this.#cells = cells;
    this.#counts = new LiveCounts(cells);
    this.#keyed = keyed;
  }

  get size(): number {
    const items = this.#keyed.get(this.#cells.moment.key);
    return items === undefined ? 0 : this.#counts.of(items, items.length, items);
  }

  get(): readonly AnyRow[] {
    const rows: AnyRow[] = [];
    for (const stored of this.#keyed.get(this.#cells.moment.key) ?? []) {
      if (this.#cells.isLive(stored)) rows.push(this.#cells.show(stored));
    }
    return rows;
  }

  add(value: AnyRow): void {
    const stored = this.#cells.make(value);
    if (stored === undefined) return;
    const items = this.#keyed.get(this.#cells.moment.key);
    if (items === undefined) this.#keyed.set(this.#cells.moment.key, [stored]);
    else {
      items.push(stored);
      this.#counts.change(items, 1);
    }
  }

  clear(): void {
    this.#keyed.delete(this.#cells.moment.key);
  }

  prune(key: Key): number | undefined {
    const items = this.#keyed.get(key) ?? [];
    const left = items.map((item) => this.#cells.dated(item)).filter((item) => this.#cells.isLive(item));
    if (left.length === 0) this.#keyed.delete(key);
    else this.#keyed.set(key, left);
    return left.length === 0 ? undefined : this.#cells.due(earliest(left));
  }
}

class MapView implements MapState<AnyRow>, Expiring {
  readonly #cells: Cells;
  readonly #counts: LiveCounts;
  readonly #keyed: KeyedState<Map<string, Stored>>;

  constructor(cells: Cells, keyed: KeyedState<Map<string, Stored>>) {
    this.#cells = cells;
    this.#counts = new LiveCounts(cells);
    this.#keyed = keyed;
  }

  get size(): number {
    const entries = this.#entries();
    return entries === undefined ? 0 : this.#counts.of(entries, entries.size, entries.values());
  }

  get(key: string): AnyRow | undefined {
    const name = this.#cells.keyOf(key);
    const stored = this.#entries()?.get(name);
    return stored !== undefined && this.#cells.isLive(stored) ? this.#cells.show(stored) : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  set(key: string, value: AnyRow): void {
    const name = this.#cells.keyOf(key);
    const stored = this.#cells.make(value);
    if (stored === undefined) {
      this.delete(name);
      return;
    }
    const entries = this.#entries();
    if (entries === undefined) {
      this.#keyed.set(this.#cells.moment.key, new Map([[name, stored]]));
      return;
    }
    const before = entries.get(name);
    if (before === undefined || !this.#cells.isLive(before)) {
      // What has ended is gone, whether it was removed already or not: the order of entries must not tell.
      if (before !== undefined) entries.delete(name);
      this.#counts.change(entries, 1);
    }
    entries.set(name, stored);
  }

  delete(key: string): void {
    const name = this.#cells.keyOf(key);
    const entries = this.#entries();
    const before = entries?.get(name);
    if (entries === undefined || before === undefined) return;
    if (this.#cells.isLive(before)) this.#counts.change(entries, -1);
    entries.delete(name);
    if (entries.size === 0) this.clear();
  }

  entries(): readonly (readonly [string, AnyRow])[] {
    const rows: (readonly [string, AnyRow])[] = [];
    for (const [key, stored] of this.#entries() ?? []) {
      if (this.#cells.isLive(stored)) rows.push([key, this.#cells.show(stored)]);
    }
    return rows;
  }

  clear(): void {
    this.#keyed.delete(this.#cells.moment.key);
  }

  prune(key: Key): number | undefined {
    const entries = this.#keyed.get(key);
    if (entries === undefined) return undefined;
    for (const [name, found] of entries) {
      const stored = this.#cells.dated(found);
      if (!this.#cells.isLive(stored)) entries.delete(name);
      else if (stored !== found) entries.set(name, stored);
    }
    if (entries.size > 0) return this.#cells.due(earliest(entries.values()));
    this.#keyed.delete(key);
    return undefined;
  }

  #entries(): Map<string, Stored> | undefined {
    return this.#keyed.get(this.#cells.moment.key);
  }
}

/**
 * How many elements of a list or map have not ended. They are counted once while event time stands still, so that a
 * function may ask at every row.
 */
class LiveCounts {
  readonly #cells: Cells;
  readonly #known = new WeakMap<object, { readonly reached: number; live: number }>();

  constructor(cells: Cells) {
    this.#cells = cells;
  }

  of(holder: object, size: number, all: Iterable<Stored>): number {
    if (!this.#cells.canEnd) return size;
    const { reached } = this.#cells.moment;
    const known = this.#known.get(holder);
    if (known?.reached === reached) return known.live;
    let live = 0;
    for (const stored of all) if (this.#cells.isLive(stored)) live++;
    this.#known.set(holder, { reached, live });
    return live;
  }

  /** Elements that have not ended have come or gone. */
  change(holder: object, by: number): void {
    if (!this.#cells.canEnd) return;
    const known = this.#known.get(holder);
    if (known !== undefined) known.live += by;
  }
}

/** Of what is dated. */
function earliest(all: Iterable<Stored>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { since } of all) least = Math.min(least, since!);
  return least;
}
