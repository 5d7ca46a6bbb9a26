import type { Key } from "../base/key.ts";

/** Keyed state of one subtask, in memory. Values belong to the operator and may be changed in place. */
export class KeyedMap<T> {
  readonly #values = new Map<Key, T>();

  get(key: Key): T | undefined {
    return this.#values.get(key);
  }

  set(key: Key, value: T): void {
    this.#values.set(key, value);
  }

  delete(key: Key): void {
    this.#values.delete(key);
  }

  entries(): Iterable<readonly [Key, T]> {
    return this.#values.entries();
  }

  get size(): number {
    return this.#values.size;
  }
}
