import type { Key } from "../base/key.ts";
import type { Ledger } from "./ledger.ts";
import type { Entry } from "./row-set.ts";
import type { KeyView } from "./rule.ts";
import { type Totals, totalsOf } from "./totals.ts";

/** A ledger at its last point as a rule sees it. One is used for key after key. */
export class LedgerView implements KeyView {
  key: Key = "";
  point = 0;
  own = "";
  wakeAt = Number.POSITIVE_INFINITY;
  readonly #skewMs: number;
  #ledger!: Ledger;

  constructor(skewMs: number) {
    this.#skewMs = skewMs;
  }

  /** Shows another key. */
  show(key: Key, point: number, ledger: Ledger, own: string): this {
    this.key = key;
    this.point = point;
    this.own = own;
    this.wakeAt = ledger.wakeAt;
    this.#ledger = ledger;
    return this;
  }

  get entries(): readonly Entry[] {
    return this.#ledger.entries;
  }

  get totals(): readonly Totals[] {
    return this.#ledger.totals;
  }

  isDue({ dueAt }: Entry): boolean {
    return dueAt + this.#skewMs <= this.point;
  }
}

/** What a key looked like when its seed was taken: nothing but rows of the seed, with what was due by then. */
export function seedView({ key, point, own, wakeAt, entries: all }: KeyView): KeyView {
  const entries = all.filter(({ from }) => from.seed !== null);
  const isDue = ({ dueAt, from }: Entry) => dueAt <= from.seed!;
  return { key, point, own, wakeAt, entries, totals: totalsOf(entries, isDue).all, isDue };
}
