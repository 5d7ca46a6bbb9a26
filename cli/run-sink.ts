import { type CountercheckError, isError } from "../base/errors.ts";
import type { Clock } from "../base/time.ts";
import type { RunObserver, Sink } from "../runtime/checkpoint/checkpointer.ts";
import type { OutboxRecord } from "../runtime/outbox.ts";
import type { RunOutputs, SinkPositions } from "./outputs.ts";
import type { SavedTally, Tally } from "./tally.ts";

/** How long a run waits for servers that its results go to. */
export interface Patience {
  readonly clock: Clock;
  /** Aborts when the run is to end: then a delivery that fails is left to the next run. */
  readonly signal: AbortSignal;
  /** Told why results wait, and that they no longer do. */
  readonly onWaiting: (reason: CountercheckError | undefined) => void;
}

const FIRST_WAIT_MS = 200;
const MOST_WAIT_MS = 5_000;

/** Servers that come back by themselves; what a disk lacks does not. */
const WAITED_FOR: ReadonlySet<string> = new Set(["KAFKA_UNAVAILABLE", "SNAPSHOTS_UNAVAILABLE", "REGISTRY_UNAVAILABLE"]);

/**
 * Brings outboxes to a run's outputs. A delivery leaves the same however often it is made, so it is made again until the
 * servers are there: nothing is lost meanwhile, since the checkpoint holds it, and the workers go on until their outboxes
 * are full.
 */
export function sinkOf(outputs: RunOutputs, patience: Patience): Sink {
  return {
    position: () => outputs.position(),
    deliver: (delivery) =>
      patiently(patience, () => outputs.deliver({ ...delivery, before: delivery.before as SinkPositions })),
    recover: (delivery) =>
      patiently(patience, () => outputs.recover({ ...delivery, before: delivery.before as SinkPositions })),
    hasDelivered: (epoch) => outputs.lastDelivered()?.epoch === epoch,
  };
}

async function patiently({ clock, signal, onWaiting }: Patience, deliver: () => Promise<void>): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS, isWaiting = false; ; waitMs = Math.min(2 * waitMs, MOST_WAIT_MS), isWaiting = true) {
    try {
      await deliver();
      if (isWaiting) onWaiting(undefined);
      return;
    } catch (error) {
      if (!isError(error) || !WAITED_FOR.has(error.code) || signal.aborted) throw error;
      onWaiting(error);
      await clock.sleep(waitMs, signal);
    }
  }
}

/** What a run tells of what it emits: to the tally that ends as its summary, and to whoever wants each record. */
export function observerOf(
  tally: Tally,
  onRecord: ((output: string, record: unknown) => void) | undefined,
): RunObserver {
  return {
    observe: (records) => observe(records, tally, onRecord),
    save: () => tally.save(),
    restore: (saved) => tally.restore(saved as SavedTally),
  };
}

/** Tells a tally, and whoever wants each record, what was emitted. */
export function observe(
  records: readonly OutboxRecord[],
  tally: Tally,
  onRecord: ((output: string, record: unknown) => void) | undefined,
): void {
  tally.observe(records);
  if (onRecord === undefined) return;
  for (const each of records) if (each.kind === "emit") onRecord(each.output, each.record);
}
