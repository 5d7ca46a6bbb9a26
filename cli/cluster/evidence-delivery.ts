import { CountercheckError, isError } from "../../base/errors.ts";
import type { Clock } from "../../base/time.ts";
import type { SnapshotRow, SnapshotStore } from "../../snapshots/snapshot-store.ts";
import { bytesOfRow, FULL_BYTES } from "./waiting-results.ts";

/** What evidence is delivered with. */
export interface EvidenceDeliveryOptions {
  readonly store: Pick<SnapshotStore, "put">;
  readonly clock: Clock;
  /** Told once of a server that is away, and with nothing when it is back. */
  readonly onWaiting: (reason: CountercheckError | undefined) => void;
  /** Told of what makes delivering impossible. */
  readonly onFailure: (error: unknown) => void;
}

const MOST_ROWS_AT_ONCE = 500;
const FIRST_WAIT_MS = 200;
const MOST_WAIT_MS = 5_000;
/** So long a server may be away while so much waits for it that no rows are taken in, and barriers wait behind them. */
const STUCK_MS = 120_000;

/**
 * Puts evidence into its store, in order and beside all else, for as long as its server is away. A put leaves the same
 * however often it is made, so a row waits until one has returned.
 */
export class EvidenceDelivery {
  readonly #options: EvidenceDeliveryOptions;
  readonly #stop = new AbortController();
  /** Not known to be in the store, oldest first. */
  readonly #rows: SnapshotRow[] = [];
  #bytes = 0;
  #isGoing = false;

  constructor(options: EvidenceDeliveryOptions) {
    this.#options = options;
  }

  /** What is not known to be in the store. */
  get rows(): readonly SnapshotRow[] {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  deliver(rows: readonly SnapshotRow[]): void {
    if (rows.length === 0) return;
    for (const row of rows) {
      this.#rows.push(row);
      this.#bytes += bytesOfRow(row);
    }
    if (!this.#isGoing) void this.#go();
  }

  /** Breaks off what is waited for. What is not in the store is in checkpoints. */
  close(): void {
    this.#stop.abort();
  }

  async #go(): Promise<void> {
    const { store, clock, onWaiting, onFailure } = this.#options;
    const { signal } = this.#stop;
    this.#isGoing = true;
    let stuckSince: number | undefined;
    for (let waitMs = FIRST_WAIT_MS; this.#rows.length > 0 && !signal.aborted; ) {
      const some = this.#rows.slice(0, MOST_ROWS_AT_ONCE);
      try {
        await store.put(some);
        if (waitMs > FIRST_WAIT_MS) onWaiting(undefined);
        waitMs = FIRST_WAIT_MS;
        stuckSince = undefined;
        this.#rows.splice(0, some.length);
        for (const row of some) this.#bytes -= bytesOfRow(row);
      } catch (error) {
        if (!isError(error) || !error.retryable) return onFailure(error);
        if (waitMs === FIRST_WAIT_MS) onWaiting(error);
        if (this.#bytes > FULL_BYTES) stuckSince ??= clock.now();
        const stuckMs = clock.now() - (stuckSince ?? clock.now());
        if (stuckMs > STUCK_MS) return onFailure(stuck(this.#bytes, stuckMs, error));
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
      }
    }
    this.#isGoing = false;
  }
}

function stuck(bytes: number, ms: number, cause: CountercheckError): CountercheckError {
  return new CountercheckError(
    "EVIDENCE_NOT_TAKEN",
    { megabytes: Math.round(bytes / 1e6), seconds: Math.round(ms / 1_000), reason: cause.message },
    { cause },
  );
}
