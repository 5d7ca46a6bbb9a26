import { isError, raise } from "../../base/errors.ts";
import type { Random } from "../../base/random.ts";
import type { Plan, Trouble } from "./plan.ts";
import { type DiskEvents, type DiskOperation, PowerCut, type SimDisk } from "./sim-disk.ts";

/** What can happen to a run. */
export type Happening =
  | "power-cut"
  | "killed"
  | "worker-death"
  | "disk-full"
  | "disk-failed"
  | "savepoint"
  | "bit-flip"
  | "slow-sync"
  | "stale-source"
  | "other-parallelism"
  | "damaged-checkpoint"
  | "recovery";

const SLOW_SYNC_MS = 300;

/** Makes the trouble that a process is to have with its disk, and says afterwards whether that explains its end. */
export class TroubleWatch implements DiskEvents {
  /** Resolves when the process dies by a crash. */
  readonly death: Promise<undefined>;
  readonly #disk: SimDisk;
  readonly #trouble: Trouble | undefined;
  readonly #slowSyncs: Plan["slowSyncs"];
  readonly #random: Random;
  readonly #note: (happening: Happening) => void;
  #die!: () => void;
  #operations = 0;
  #syncs = 0;
  #hasFailed = false;

  constructor(
    disk: SimDisk,
    trouble: Trouble | undefined,
    slowSyncs: Plan["slowSyncs"],
    random: Random,
    note: (happening: Happening) => void,
  ) {
    this.#disk = disk;
    this.#trouble = trouble;
    this.#slowSyncs = slowSyncs;
    this.#random = random;
    this.#note = note;
    this.death = new Promise((resolve) => {
      this.#die = () => resolve(undefined);
    });
  }

  before(operation: DiskOperation, path: string): void {
    const at = ++this.#operations;
    const trouble = this.#trouble;
    const isSync = SYNCS.has(operation);
    if (isSync) this.#syncs++;
    if (trouble?.type === "crash" && trouble.operation === (trouble.of === "all" ? at : isSync ? this.#syncs : 0)) {
      this.#note(trouble.kind);
      this.#disk.isDead = true;
      this.#die();
    }
    if (trouble?.type === "disk-failed" && at === trouble.operation) {
      this.#fail("disk-failed");
      raise("DISK_FAILED", { doing: operation, path, reason: "the test says so" });
    }
    if (trouble?.type !== "disk-full" || !TAKES_ROOM.has(operation)) return;
    if (at < trouble.operation || at >= trouble.operation + trouble.operations) return;
    this.#fail("disk-full");
    raise("DISK_FULL", { path });
  }

  syncMs(path: string): number {
    const { share, of } = this.#slowSyncs;
    const isSlow = this.#random.chance(share) && (of === "all" || path.includes("/segments/"));
    if (!isSlow) return this.#random.below(4);
    this.#note("slow-sync");
    return SLOW_SYNC_MS;
  }

  /** True for an error that the trouble has led to. */
  explains(error: unknown): boolean {
    if (error instanceof PowerCut) return this.#disk.isDead;
    if (isError(error, "WORKER_DIED")) return this.#trouble?.type === "worker-death";
    return this.#hasFailed && isError(error);
  }

  #fail(happening: Happening): void {
    if (!this.#hasFailed) this.#note(happening);
    this.#hasFailed = true;
  }
}

const SYNCS: ReadonlySet<DiskOperation> = new Set(["sync", "synced"]);
const TAKES_ROOM: ReadonlySet<DiskOperation> = new Set(["write", "create", "make-folder"]);
