import { type Random, seededRandom } from "../../base/random.ts";
import type { Pace } from "./shop-feed.ts";
import type { CrashKind } from "./sim-disk.ts";
import type { Sizes } from "./simulated-process.ts";

/** What happens in a simulated run: all that its seed decides beforehand. */
export interface Plan {
  readonly seed: number;
  readonly shop: { readonly seed: number; readonly orders: number; readonly isFaulty: boolean };
  /** Undefined: all of the log is there at once. */
  readonly pace: Pace | undefined;
  /** Turns and reads come in any order. */
  readonly isChaotic: boolean;
  readonly sizes: Sizes;
  readonly checkpointEveryMs: number;
  readonly staleAfterMs: number | undefined;
  /** Share of syncs that are slow, of all files or of those of state alone. */
  readonly slowSyncs: { readonly share: number; readonly of: "all" | "segments" };
  /** Processes to which something happens; those behind them are left in peace. */
  readonly processes: readonly ProcessPlan[];
  /** Workers of the processes behind them. */
  readonly parallelism: number;
}

/** What happens to one process. */
export interface ProcessPlan {
  readonly parallelism: number;
  readonly trouble: Trouble;
}

export type Trouble =
  /** It ends before an operation of its disk; in the one case all that it wrote is there, in the other only what is durable. */
  | {
      readonly type: "crash";
      readonly kind: CrashKind;
      readonly operation: number;
      /** Which operations are counted: where several syncs are under way, it matters most which of them are done. */
      readonly of: "all" | "syncs";
      readonly isFlipped: boolean;
    }
  | { readonly type: "worker-death"; readonly worker: number; readonly turn: number }
  /** The disk is full from an operation on, for so many operations. */
  | { readonly type: "disk-full"; readonly operation: number; readonly operations: number }
  | { readonly type: "disk-failed"; readonly operation: number }
  /** It is stopped with a savepoint at some time, and the next one begins from that. */
  | { readonly type: "savepoint"; readonly afterMs: number };

/** Shops that are simulated; several seeds share one. */
const SHOPS = 16;
const STALE_AFTER_MS = 400;
/** Share of crashes after which a bit is flipped, where the newest checkpoint is not the only one. */
const FLIPPED = 0.6;

export function planOf(seed: number): Plan {
  const random = seededRandom(`simulation/${seed}`);
  const shop = random.below(SHOPS);
  const stalls = random.chance(0.3);
  const isSlow = random.chance(0.2);
  // Some jobs move from parallelism to parallelism, and live long enough each time to tidy up their state.
  const moves = random.chance(0.25);
  return {
    seed,
    shop: { seed: shop, orders: 20 + ((shop * 7) % 41), isFaulty: shop % 4 === 3 },
    pace: {
      most: moves ? 30 : random.pick([40, 150, 400]),
      everyMs: moves ? 60 : random.pick([20, 60]),
      stall: stalls ? 0.1 : 0,
      stallMs: STALE_AFTER_MS * 2,
    },
    isChaotic: true,
    sizes: {
      ringBytes: random.pick([512, 4_096, 65_536]),
      segmentBytes: moves ? 2_048 : random.pick([2_048, 16_384, 1 << 20]),
      slackBytes: moves ? 0 : random.pick([0, 16_384]),
      cacheBytes: random.pick([0, 20_000, 1 << 20]),
      near: random.pick([4, 32, 65_536]),
      stepBytes: random.fork("steps").pick([1, 1_000, 1 << 20]),
    },
    checkpointEveryMs: moves ? 1 : random.pick([1, 20, 100]),
    staleAfterMs: stalls && random.chance(0.7) ? STALE_AFTER_MS : undefined,
    slowSyncs: isSlow ? { share: 0.2, of: "all" } : { share: random.chance(0.2) ? 0.6 : 0, of: "segments" },
    processes: Array.from({ length: moves ? 3 + random.below(3) : 1 + random.below(4) }, (_, index) => {
      const own = random.fork(`process/${index}`);
      const parallelism = 1 + own.below(3);
      return { parallelism, trouble: moves ? endOf(own) : troubleOf(own, parallelism) };
    }),
    parallelism: 1 + random.below(3),
  };
}

/** What ends a process that has lived for a while. */
function endOf(random: Random): Trouble {
  const operation = 150 + random.below(300);
  return random.chance(0.5)
    ? { type: "savepoint", afterMs: 50 + random.below(250) }
    : {
        type: "crash",
        kind: random.pick(["power-cut", "killed"]),
        operation,
        of: "all",
        isFlipped: random.chance(FLIPPED),
      };
}

function troubleOf(random: Random, parallelism: number): Trouble {
  // Early ones are as likely as late ones: a process may die while it recovers.
  const operation = 1 + Math.floor(random.next() ** 2 * 500);
  const type = random.pick([
    "power-cut",
    "power-cut",
    "power-cut",
    "killed",
    "worker-death",
    "disk-full",
    "disk-failed",
    "savepoint",
  ] as const);
  switch (type) {
    case "power-cut":
      return random.chance(0.5)
        ? { type: "crash", kind: type, operation, of: "all", isFlipped: random.chance(FLIPPED) }
        : {
            type: "crash",
            kind: type,
            operation: Math.ceil(operation / 2),
            of: "syncs",
            isFlipped: random.chance(FLIPPED),
          };
    case "killed":
      return { type: "crash", kind: type, operation, of: "all", isFlipped: random.chance(FLIPPED) };
    case "worker-death":
      return { type, worker: random.below(parallelism), turn: 1 + random.below(60) };
    case "disk-full":
      return { type, operation, operations: 1 + random.below(20) };
    case "disk-failed":
      return { type, operation };
    case "savepoint":
      return { type, afterMs: random.chance(0.4) ? 0 : random.below(300) };
  }
}
