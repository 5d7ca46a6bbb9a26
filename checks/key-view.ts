import type { Key } from "../base/key.ts";
import type { Ledger } from "./ledger.ts";
import type { ReferenceRows } from "./reference-rows.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { KeyView, RuleLeg } from "./rule.ts";
import { type Totals, totalsOf } from "./totals.ts";

/** A ledger at its last point as a rule sees it. One is used for key after key. */
export class LedgerView implements KeyView {
  key: Key = "";
  point = 0;
  own = "";
  wakeAt = Number.POSITIVE_INFINITY;
  readonly #skewMs: number;
  readonly #reference: ReferenceRows;
  #ledger!: Ledger;

  constructor(skewMs: number, reference: ReferenceRows) {
    this.#skewMs = skewMs;
    this.#reference = reference;
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

  referenceRows(): readonly RowEvidence[] {
    return this.#reference.at(this.point);
  }

  isDue({ dueAt }: Entry): boolean {
    return dueAt + this.#skewMs <= this.point;
  }

  firstMissed(side: RuleLeg["side"], currency?: number): number | null {
    const { orderedEntries: ordered } = this.#ledger;
    if (ordered === undefined) return firstMissed(this, side, currency);
    const currencies = currency === undefined ? this.totals.map((totals) => totals.currency) : [currency];
    const first = Math.min(...currencies.map((each) => ordered.firstDue(side, each)));
    return first + this.#skewMs <= this.point ? first : null;
  }
}

/** What `KeyView` says of itself, by a look at all entries. */
export function firstMissed(
  view: Pick<KeyView, "entries" | "isDue">,
  side: RuleLeg["side"],
  currency?: number,
): number | null {
  let first: number | null = null;
  for (const entry of view.entries) {
    if (entry.side !== side || (currency !== undefined && entry.currency !== currency) || !view.isDue(entry)) continue;
    if (first === null || entry.dueAt < first) first = entry.dueAt;
  }
  return first;
}

/** What a key will look like when the band before its deadlines is over, if nothing else comes, with its totals then. */
export function bandView(view: KeyView, totals: readonly Totals[], bandMs: number): KeyView {
  const { key, point, own, wakeAt } = view;
  return {
    ...{ key, point, own, wakeAt, totals },
    // Rules of sums do not ask for them.
    get entries() {
      return view.entries;
    },
    referenceRows: () => view.referenceRows(),
    isDue: (entry) => view.isDue({ ...entry, dueAt: entry.dueAt - bandMs }),
    firstMissed(side, currency) {
      return firstMissed(this, side, currency);
    },
  };
}

/** What a key looked like when its seed was taken: nothing but rows of the seed, with what was due by then. */
export function seedView(view: KeyView): KeyView {
  const { key, point, own, wakeAt, entries: all } = view;
  const entries = all.filter(({ from }) => from.seed !== null);
  const isDue = ({ dueAt, from }: Entry) => dueAt <= from.seed!;
  const totals = totalsOf(entries, isDue).all;
  const seen = { key, point, own, wakeAt, entries, totals, referenceRows: () => view.referenceRows(), isDue };
  return { ...seen, firstMissed: (side, currency) => firstMissed(seen, side, currency) };
}
