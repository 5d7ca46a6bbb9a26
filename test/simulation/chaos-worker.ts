import { CountercheckError } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { WorkerHandle } from "../../runtime/worker-handle.ts";

/**
 * A worker whose turns come when chance will have them, as those of a thread: none for a while, or several at once. It dies
 * at its `diesAt`-th turn.
 */
export function chaoticWorker(worker: WorkerHandle, index: number, random: Random, diesAt: number): WorkerHandle {
  let turns = 0;
  let pausesFor = 0;
  return {
    start: (from) => worker.start(from),
    turn: () => {
      if (++turns === diesAt) throw new CountercheckError("WORKER_DIED", { worker: index, reason: "the test says so" });
      if (pausesFor > 0) {
        pausesFor--;
        return true;
      }
      if (random.chance(0.02)) pausesFor = random.below(12);
      if (random.chance(0.2)) return true;
      return worker.turn();
    },
    checkpoint: () => worker.checkpoint(),
    control: (element) => worker.control(element),
    decide: (decisions) => worker.decide(decisions),
    processingTime: (time) => worker.processingTime(time),
    drain: () => worker.drain(),
    status: () => worker.status(),
    report: (take) => worker.report(take),
    close: () => worker.close(),
  };
}
