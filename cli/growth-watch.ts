import type { Clock } from "../base/time.ts";
import type { RunRequest, RunRequests } from "../runtime/embedded-runner.ts";

/** Workers read no further meanwhile once they have noticed (`PartitionWatch`). */
const LOOK_EVERY_MS = 1_000;

/**
 * Looks now and then whether topics have got more partitions, and then asks the run to rest at a checkpoint, so that it can
 * be gone on with by workers that read them too.
 */
export class GrowthWatch implements RunRequests {
  /** The run was asked to rest because topics grew. */
  hasGrown = false;
  readonly #others: RunRequests;
  readonly #look: () => Promise<boolean>;
  readonly #clock: Pick<Clock, "now">;
  #lookAt: number;
  #isLooking = false;
  #found = false;

  /** `look` tells whether topics have grown by now; `others` are the requests that come from elsewhere. */
  constructor(look: () => Promise<boolean>, others: RunRequests, clock: Pick<Clock, "now">) {
    this.#look = look;
    this.#others = others;
    this.#clock = clock;
    this.#lookAt = clock.now() + LOOK_EVERY_MS;
  }

  next(): RunRequest | undefined {
    const other = this.#others.next();
    if (other !== undefined) return other;
    if (this.#found && !this.hasGrown) {
      this.hasGrown = true;
      return { stop: "keep", done: () => undefined };
    }
    if (!this.#isLooking && this.#clock.now() >= this.#lookAt) void this.#lookOnce();
    return undefined;
  }

  async #lookOnce(): Promise<void> {
    this.#isLooking = true;
    this.#found = await this.#look();
    this.#isLooking = false;
    this.#lookAt = this.#clock.now() + LOOK_EVERY_MS;
  }
}
