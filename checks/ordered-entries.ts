import { digestOf } from "../base/hash.ts";
import { SortedList } from "../base/sorted-list.ts";
import { Deadlines } from "./deadlines.ts";
import type { CountedRow, Entry } from "./row-set.ts";
import type { RuleLeg } from "./rule.ts";

/** Contributions that a verdict shows at most; the rest is in the totals and the digest. */
export const MOST_SHOWN = 1_000;

const DIGEST_BITS = 128;

/**
 * The entries of a key with very many rows, in the order of evidence, with a digest over all of them and the first deadline of
 * each side: kept up as rows come and go, so that a verdict of such a key costs as much however many there are.
 */
export class OrderedEntries {
  readonly #list: SortedList<Entry>;
  /** By side and currency. */
  readonly #deadlines = new Map<string, Deadlines>();
  /** Of the hashes of all entries: it depends on no order. */
  #sum = 0n;

  constructor(rows: readonly CountedRow[]) {
    this.#list = SortedList.of(
      rows.flatMap(({ entries }) => entries),
      byLegAndRow,
    );
    for (const row of rows) this.#count(row, row.entries);
  }

  get size(): number {
    return this.#list.size;
  }

  /** 128 bits as hex, the same for the same entries. */
  get digest(): string {
    return digestOf(`${this.size}/${this.#sum.toString(16)}`);
  }

  /** Takes in entries of a row that counts. */
  add(row: CountedRow, entries: readonly Entry[]): void {
    for (const entry of entries) this.#list.add(entry);
    this.#count(row, entries);
  }

  /** Removes the entries of a row that counts no more. */
  remove(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#list.remove(entry);
      this.#sum = BigInt.asUintN(DIGEST_BITS, this.#sum - hashOf(entry));
    }
  }

  /** The first ones, as many as a verdict shows. */
  get shown(): Entry[] {
    const shown: Entry[] = [];
    for (const entry of this.#list) {
      if (shown.length === MOST_SHOWN) break;
      shown.push(entry);
    }
    return shown;
  }

  /** The first deadline of a side in a currency; +∞ for none. */
  firstDue(side: RuleLeg["side"], currency: number): number {
    return this.#deadlines.get(`${side}/${currency}`)?.first() ?? Number.POSITIVE_INFINITY;
  }

  #count(row: CountedRow, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const name = `${entry.side}/${entry.currency}`;
      const deadlines = this.#deadlines.get(name) ?? new Deadlines();
      this.#deadlines.set(name, deadlines);
      deadlines.add(entry, row);
      this.#sum = BigInt.asUintN(DIGEST_BITS, this.#sum + hashOf(entry));
    }
  }
}

/** The order in which evidence shows entries: it does not depend on how they came. */
export function byLegAndRow(left: Entry, right: Entry): number {
  return left.leg - right.leg || (left.from.id < right.from.id ? -1 : left.from.id > right.from.id ? 1 : 0);
}

/** What a digest is made of: what an entry is, and which version of its row it is of. */
export function digestLine({ from, leg, currency, minor }: Entry): string {
  return `${leg}/${from.id}/${from.major}/${from.minor}/${from.sub}/${currency}/${minor}\n`;
}

function hashOf(entry: Entry): bigint {
  return BigInt(`0x${digestOf(digestLine(entry))}`);
}
