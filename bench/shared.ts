import type { BenchRow } from "./row.ts";

/** What rows need, opened for the first of them, which the others that need the same share. */
export class Shared implements AsyncDisposable {
  readonly #folder: string;
  readonly #orders: number;
  readonly #open = new Map<BenchRow["needs"], AsyncDisposable>();

  constructor(folder: string, orders: number) {
    this.#folder = folder;
    this.#orders = orders;
  }

  async have({ needs }: BenchRow): Promise<void> {
    if (needs !== undefined && !this.#open.has(needs)) this.#open.set(needs, await needs(this.#folder, this.#orders));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open.values()) await each[Symbol.asyncDispose]();
  }
}
