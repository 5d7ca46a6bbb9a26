import { describe, expect, it } from "vitest";
import { packCurrency } from "../base/money.ts";
import { seededRandom } from "../base/random.ts";
import { firstMissed, LedgerView } from "./key-view.ts";
import { Ledger } from "./ledger.ts";
import { byLegAndRow, MOST_SHOWN } from "./ordered-entries.ts";
import { ReferenceRows } from "./reference-rows.ts";
import type { Entry } from "./row-set.ts";

const CURRENCIES = [packCurrency("EUR"), packCurrency("USD")] as const;

describe("the entries of a key with very many rows", () => {
  it.each([1, 2, 3, 4])("are those of its rows, in the order of evidence, whatever came and went (seed %i)", (seed) => {
    const random = seededRandom(seed);
    const history = new History();
    const rows = new Map<number, number>();
    for (let step = 0; step < 6_000; step++) {
      const row = random.below(2 * MOST_SHOWN);
      if (random.chance(0.3) && rows.delete(row)) history.remove(row);
      else if (!rows.has(row)) {
        rows.set(row, random.below(50));
        history.add(row, rows.get(row)!);
      }
      if (step % 500 > 0) continue;
      history.judge();
      const fresh = new History();
      for (const [known, amount] of [...rows].sort(() => random.next() - 0.5)) fresh.add(known, amount);
      fresh.judge();
      expect(history.seen()).toEqual(fresh.seen());
      for (const side of ["expect", "actual"] as const)
        for (const currency of [...CURRENCIES, undefined])
          expect(history.view.firstMissed(side, currency)).toBe(firstMissed(history.view, side, currency));
    }
    expect(rows.size).toBeGreaterThan(MOST_SHOWN);
    const [row, amount] = rows.entries().next().value!;
    const { digest } = history.seen()!;
    history.remove(row);
    history.add(row, amount + 1);
    history.judge();
    expect(history.seen()!.digest).not.toBe(digest);
  });

  it("are kept in order where there are more rows than a verdict shows, and not in fewer", () => {
    const history = new History();
    for (let row = 0; row <= MOST_SHOWN; row++) history.add(row, 1);
    history.judge();
    expect(history.seen()!.shown.length).toBe(MOST_SHOWN);
    history.remove(0);
    history.judge();
    expect(history.seen()).toBeUndefined();
  });

  it("are not gone through for each verdict", () => {
    const [few, many] = [looksEach(2_000), looksEach(40_000)];
    expect(few).toBeGreaterThan(1);
    expect(many).toBeLessThan(3 * few);
  });
});

/** How often an entry is looked at, of a key with so many rows, for each that comes or goes and is judged. */
function looksEach(rows: number): number {
  let looks = 0;
  const history = new History((entry) =>
    Object.defineProperty({ ...entry }, "leg", {
      get() {
        looks++;
        return entry.leg;
      },
    }),
  );
  for (let row = 0; row < rows; row++) history.add(row, 1);
  history.judge();
  expect(history.ledger.orderedEntries?.size).toBe(2 * rows);
  looks = 0;
  for (let step = 0; step < 200; step++) {
    if (step % 2 === 0) history.add(rows + step, 1);
    else history.remove(step);
    history.judge();
    const { shown, digest } = history.ledger.orderedEntries!;
    expect([shown.length, digest.length]).toEqual([MOST_SHOWN, 32]);
    history.view.firstMissed("actual");
  }
  return looks / 200;
}

/** A ledger to which rows come, and from which they go. */
class History {
  readonly ledger = new Ledger(0);
  readonly view = new LedgerView(0, new ReferenceRows());
  readonly #made: (entry: Entry) => Entry;
  #time = 0;

  constructor(made: (entry: Entry) => Entry = (entry) => entry) {
    this.#made = made;
  }

  add(row: number, amount: number): void {
    this.#change(row, true, [this.#entry(row, 0, amount), this.#entry(row, 1, amount)]);
  }

  remove(row: number): void {
    this.#change(row, false, []);
  }

  judge(): void {
    for (let point = this.ledger.nextPoint(0); point <= this.#time; point = this.ledger.nextPoint(0))
      this.ledger.advance(point, 0);
    this.view.show("key", this.#time, this.ledger, "");
  }

  seen(): { shown: unknown[]; size: number; digest: string } | undefined {
    const { orderedEntries: ordered } = this.ledger;
    if (ordered === undefined) return undefined;
    const { shown, size, digest } = ordered;
    expect(shown).toEqual(shown.toSorted(byLegAndRow));
    return { shown: shown.map(({ from, leg }) => [leg, from.id]), size, digest };
  }

  #change(row: number, isAdd: boolean, entries: readonly Entry[]): void {
    this.#time++;
    this.ledger.add({ time: this.#time, isAdd, row: `0/0/${row}`, entries });
  }

  #entry(row: number, leg: number, amount: number): Entry {
    const text = String(row);
    const side = leg === 0 ? "expect" : "actual";
    const dueAt = (row * 7_919) % 100_000;
    const place = { id: `0/0/${text}`, input: 0, table: 0, row: text, major: 1, minor: row, sub: 0 };
    const from = { ...place, time: 1, seed: null, fields: [] };
    const currency = CURRENCIES[row % 2]!;
    return this.#made({ leg, side, captures: leg === 0, currency, minor: BigInt(amount), dueAt, from });
  }
}
