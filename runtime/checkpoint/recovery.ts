import { type CountercheckError, isError, raise } from "../../base/errors.ts";
import type { EngineAlert } from "../outbox.ts";
import type { WorkerHandle } from "../worker-handle.ts";
import type { CheckpointerOptions } from "./checkpointer.ts";
import type { Manifest } from "./manifest.ts";

/** What a run goes on with. */
export interface Recovered {
  readonly workers: WorkerHandle[];
  /** The checkpoint that the workers go on from; undefined for a run that begins. */
  readonly from: Manifest | undefined;
  /** Checkpoints that were damaged. */
  readonly warnings: readonly EngineAlert[];
}

/** What recovery is made with. */
export interface RecoveryOptions extends CheckpointerOptions {
  readonly openWorkers: (from: Manifest | undefined) => WorkerHandle[];
}

/**
 * Starts workers from the newest checkpoint of the epoch that is whole, or from nothing where there is none, and brings out
 * what of its outbox may not be out. A damaged checkpoint is passed over for the one before, with a warning; where all are
 * damaged, CHECKPOINTS_DAMAGED.
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { checkpoints, run, sink, observer } = options;
  const warnings: EngineAlert[] = [];
  const damaged: CountercheckError[] = [];
  for (const checkpoint of checkpoints.list()) {
    try {
      const from = checkpoints.read(checkpoint);
      if (from.epoch !== run.epoch) continue;
      const records = checkpoints.readOutbox(from);
      // Before there are workers: to convert state, or to spill timers, they make files of their own.
      checkpoints.sweep();
      const workers = await started(options, from);
      await orClosed(workers, async () => {
        checkpoints.prune([from, ...olderThan(options, checkpoint)]);
        observer.restore(from.observed);
        const { epoch, attempt, before, takenAt } = from;
        await sink.recover({ epoch, attempt, checkpoint, records, before, takenAt });
      });
      return { workers, from, warnings };
    } catch (error) {
      if (!isError(error, "CHECKPOINT_DAMAGED") && !isError(error, "STATE_CORRUPT")) throw error;
      damaged.push(error);
      warnings.push(warningOf(checkpoint, error));
    }
  }
  if (damaged.length > 0) raise("CHECKPOINTS_DAMAGED", { reason: damaged.map(({ message }) => message).join(" ") });
  if (sink.hasDelivered(run.epoch)) raise("CHECKPOINTS_DAMAGED", { reason: "They are gone." });
  checkpoints.clear();
  return { workers: await started(options, undefined), from: undefined, warnings };
}

async function started({ openWorkers }: RecoveryOptions, from: Manifest | undefined): Promise<WorkerHandle[]> {
  const workers = openWorkers(from);
  await orClosed(workers, () => Promise.all(workers.map((worker) => worker.start(from))));
  return workers;
}

/** Workers live on in their threads, and the process with them, unless they are closed. */
async function orClosed(workers: readonly WorkerHandle[], act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    await Promise.allSettled(workers.map((worker) => worker.close()));
    throw error;
  }
}

/** The checkpoint before, where it is whole: it is kept until the next one is out. */
function olderThan({ checkpoints, run }: RecoveryOptions, checkpoint: number): Manifest[] {
  const before = checkpoints.list().find((other) => other < checkpoint);
  const manifest = before === undefined ? undefined : checkpoints.tryRead(before);
  return manifest?.epoch === run.epoch ? [manifest] : [];
}

function warningOf(checkpoint: number, { message }: CountercheckError): EngineAlert {
  const id = `CHECKPOINT_DAMAGED/${checkpoint}`;
  return { id, code: "CHECKPOINT_DAMAGED", source: "state", message: `${message} The one before it is gone on from.` };
}
