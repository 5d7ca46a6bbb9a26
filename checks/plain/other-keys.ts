import { hashBytes } from "../../base/hash.ts";
import type { Key } from "../../base/key.ts";
import type { KeyedState } from "../../dataflow/operator.ts";
import { HashBag } from "./hash-bag.ts";

/** Keys that are not plain, of which it is known at once that most keys are none: `mayHave` asks no state. */
export class OtherKeys<T> implements KeyedState<T> {
  readonly #state: KeyedState<T>;
  readonly #hashes = new HashBag();

  constructor(state: KeyedState<T>) {
    this.#state = state;
  }

  /** False for nearly all keys that are none of them, by their hash (`hashBytes`). */
  mayHave(hash: number): boolean {
    return this.#hashes.has(hash);
  }

  get(key: Key): T | undefined {
    return this.#state.get(key);
  }

  /** Of a key that has none. */
  set(key: Key, value: T): void {
    this.#state.set(key, value);
    this.#hashes.add(hashOf(key));
  }

  delete(key: Key): void {
    this.#state.delete(key);
    this.#hashes.delete(hashOf(key));
  }

  forEach(visit: (key: Key, value: T) => void): void {
    this.#state.forEach(visit);
  }

  get size(): number {
    return this.#state.size;
  }

  /** After a restore: gets to know them all. */
  recover(): void {
    this.#hashes.clear();
    this.#state.forEach((key) => {
      this.#hashes.add(hashOf(key));
    });
  }
}

function hashOf(key: Key): number {
  const bytes = Buffer.from(key, "utf8");
  return hashBytes(bytes, 0, bytes.length);
}
