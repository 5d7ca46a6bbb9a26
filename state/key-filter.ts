import type { BlockCache } from "./block-cache.ts";
import type { GroupIndex } from "./group-index.ts";
import { bytesFor, HashFilter } from "./hash-filter.ts";

/**
 * Tells of most hashes that no key of a table has that none has, with one look at a few bytes a key, where an index has many.
 * It is made when it is first asked, and only while there is plenty of memory; without it nothing is told.
 */
export class KeyFilter {
  readonly #cache: BlockCache;
  readonly #groups: readonly (GroupIndex | undefined)[];
  /** Of the hashes of all keys, and of some that went. */
  #filter: HashFilter | undefined;

  /** `groups`: the indexes of the table, all keys of which were told by `add` or are there when it is first asked. */
  constructor(cache: BlockCache, groups: readonly (GroupIndex | undefined)[]) {
    this.#cache = cache;
    this.#groups = groups;
  }

  /** True: no key has the hash, which is one of an index. */
  lacks(hash: number): boolean {
    if (this.#filter === undefined) this.#renew();
    return this.#filter?.mayHave(hash) === false;
  }

  /** A key was put into an index. */
  add(hash: number): void {
    if (this.#filter === undefined) return;
    this.#filter.add(hash);
    if (this.#filter.isFull) this.#renew();
  }

  /** Makes another filter with room; without plenty of memory that which is there stays. */
  #renew(): void {
    const keys = this.#groups.reduce((sum, index) => sum + (index?.count ?? 0), 0);
    const former = this.#filter?.bytes ?? 0;
    const more = bytesFor(keys) - former;
    if (more > 0 && !this.#cache.hasPlenty(more)) return;
    if (more > 0) this.#cache.take(more);
    else this.#cache.give(-more);
    const filter = new HashFilter(keys);
    for (const index of this.#groups) index?.forEachHash((hash) => filter.add(hash));
    this.#filter = filter;
  }
}
