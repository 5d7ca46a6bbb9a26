import { isError } from "../base/errors.ts";

const LOOK_EVERY_MS = 500;
/** Less than checks wait behind a change (`skew`): what comes by a new partition is then known of before it can be missed. */
const TRUSTED_MS = 1_500;
/** Rows that were committed before a heartbeat row are in the log this much after the row was read at the latest. */
const OVERTAKING_MS = 2_000;
/** A restart of brokers is nobody's business as long as it takes no longer. */
const GRACE_MS = 10_000;

/** How many partitions topics have now; without those of which it cannot be told. */
export type LookAtTopics = (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/**
 * Looks whether the topics that a worker reads still have the partitions that are read, for as long as somebody asks. Until
 * a look is answered nothing is taken for granted: a row may be in a partition that nobody reads.
 */
export class PartitionWatch {
  readonly #look: LookAtTopics;
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  /** When the last look was begun that was answered, and found no more partitions. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #hasGrown = false;
  #failure: { readonly error: unknown; readonly since: number } | undefined;

  /** `now` gives epoch ms. */
  constructor(look: LookAtTopics, now: () => number = Date.now) {
    this.#look = look;
    this.#now = now;
  }

  /** Watches a topic of which so many partitions are read. */
  add(topic: string, partitions: number): void {
    this.#counts.set(topic, partitions);
  }

  /**
   * Whether more may be read. Throws what keeps looks from being answered, once it is not for ten seconds only.
   */
  mayRead(): boolean {
    if (this.#holdsThrough(this.#now() - TRUSTED_MS)) return true;
    const { error, since } = this.#failure ?? {};
    if (since !== undefined && (!isError(error) || !error.retryable || this.#now() - since >= GRACE_MS)) throw error;
    return false;
  }

  /** Whether all that was committed before a heartbeat row, which was read at this time, is in partitions that are read. */
  mayProve(readAt: number): boolean {
    return this.#holdsThrough(readAt + OVERTAKING_MS);
  }

  #holdsThrough(time: number): boolean {
    if (!this.#isLooking && this.#now() >= this.#lookAt) void this.#lookOnce();
    return !this.#hasGrown && this.#lookedAt >= time;
  }

  async #lookOnce(): Promise<void> {
    const begunAt = this.#now();
    this.#isLooking = true;
    this.#lookAt = begunAt + LOOK_EVERY_MS;
    try {
      const counts = await this.#look([...this.#counts.keys()]);
      this.#hasGrown ||= [...counts].some(([topic, count]) => count > this.#counts.get(topic)!);
      this.#lookedAt = begunAt;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = { error, since: this.#failure?.since ?? begunAt };
    } finally {
      this.#isLooking = false;
    }
  }
}
