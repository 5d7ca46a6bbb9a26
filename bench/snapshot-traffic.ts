import { seededRandom } from "../base/random.ts";
import type { SnapshotRow, SnapshotStore } from "../snapshots/snapshot-store.ts";

const KEYS = 5_000;
const CHECKS = ["amounts", "deadlines", "duplicates", "refunds"];
const PERIODS = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"];
const VERDICT_BYTES = 1_000;
const START = Date.UTC(2026, 10, 1);
/** So many bytes of which verdicts are parts, each of a place of its own: what is alike could be compressed. */
const NOISE_BYTES = 1 << 20;

/** Verdicts of a key: one for each check and period. */
export const NEWEST = CHECKS.length * PERIODS.length;

/** Snapshots of keys in an order without neighbours, version after version, and what must be found of them. */
export class SnapshotTraffic {
  /** Snapshots that are durable. */
  written = 0;
  readonly #store: SnapshotStore;
  readonly #random = seededRandom(1);
  readonly #noise = Buffer.from(Array.from({ length: NOISE_BYTES }, () => this.#random.below(256)));
  /** Versions of (key, check, period) that are durable, and those that were begun. */
  readonly #durable = new Uint32Array(KEYS * NEWEST);
  readonly #begun = new Uint32Array(KEYS * NEWEST);

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  /** A first version of everything. */
  async fill(): Promise<void> {
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let first = lane * 500; first < this.#begun.length; first += 2_000)
        await this.#put(Array.from({ length: 500 }, (_, i) => first + i));
    });
    await Promise.all(lanes);
  }

  /** Further versions of so many that are picked at random. */
  async put(count: number): Promise<void> {
    const picked = new Set<number>();
    while (picked.size < count) picked.add(this.#random.below(this.#begun.length));
    await this.#put([...picked]);
  }

  /** True when a key, picked at random, shows all its newest, none older than what was durable before. */
  async readOne(store: SnapshotStore): Promise<boolean> {
    return this.#isRight(store, this.#random.below(KEYS));
  }

  /** True when a sample of the keys is right. */
  async verify(store: SnapshotStore): Promise<boolean> {
    for (let key = 0; key < KEYS; key += KEYS / 100) if (!(await this.#isRight(store, key))) return false;
    return true;
  }

  async #isRight(store: SnapshotStore, key: number): Promise<boolean> {
    const least = this.#durable.slice(key * NEWEST, (key + 1) * NEWEST);
    const rows = await store.get({ key: keyOf(key) });
    return rows.length === NEWEST && rows.every(({ version }, place) => version >= least[place]!);
  }

  async #put(places: readonly number[]): Promise<void> {
    const rows = places.map((place) => this.#rowOf(place, ++this.#begun[place]!));
    await this.#store.put(rows);
    places.forEach((place, i) => {
      this.#durable[place] = Math.max(this.#durable[place]!, rows[i]!.version);
    });
    this.written += rows.length;
  }

  #rowOf(place: number, version: number): SnapshotRow {
    const at = this.#random.below(NOISE_BYTES - VERDICT_BYTES);
    const nth = place % NEWEST;
    return {
      key: keyOf(Math.floor(place / NEWEST)),
      check: CHECKS[Math.floor(nth / PERIODS.length)]!,
      currency: "EUR",
      period: PERIODS[nth % PERIODS.length]!,
      version,
      epoch: 1,
      time: START + this.written * 10 + place,
      writtenAt: START + version,
      status: version % 2 === 1 ? "fail" : "pass",
      class: version % 2 === 1 ? "missing" : null,
      baseline: false,
      verdict: this.#noise.subarray(at, at + VERDICT_BYTES),
    };
  }
}

function keyOf(key: number): string {
  return String(800_000_000_000_000_000n + BigInt(key) * 7_919n);
}
