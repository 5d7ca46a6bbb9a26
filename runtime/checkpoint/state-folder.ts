import { dirname, join, resolve } from "node:path";
import type { Disk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";

/** Whose turn it is in a state folder. */
export interface RunState {
  readonly job: string;
  /** Begins anew with a run from the start, or from a savepoint. */
  readonly epoch: number;
  /** Rises with every start of the runner: of two that run, the later one is right. */
  readonly attempt: number;
  /** `complete`: the run has come to its end, and the next one begins from the start. */
  readonly state: "running" | "complete";
  /** Folder of the savepoint that the run begins from, while it has not got it as a checkpoint of its own. */
  readonly savepoint?: string;
}

/** How a state folder is taken over. */
export interface Taking {
  /** A new epoch begins; one begins in a new folder anyway. */
  readonly begins?: boolean;
  /** What the attempt must be above, and a new epoch too. */
  readonly above?: { readonly epoch: number; readonly attempt: number };
  /** Folder of the savepoint that the run begins from. */
  readonly savepoint?: string | undefined;
}

/**
 * The file that says which run a state folder belongs to. Every start takes a new attempt first, and everything that
 * leaves a run is sent only while that attempt is the last: a runner that was taken for dead writes no more.
 */
export class StateFolder {
  readonly #disk: Disk;
  readonly #dir: string;
  #mine: RunState;

  private constructor(disk: Disk, dir: string, mine: RunState) {
    this.#disk = disk;
    this.#dir = dir;
    this.#mine = mine;
  }

  /** What the folder says now; undefined for a new one. STATE_FOLDER_DAMAGED. */
  static read(disk: Disk, dir: string): RunState | undefined {
    const path = fileOf(dir);
    if (!disk.exists(path)) return undefined;
    const file = disk.open(path, "read");
    try {
      const bytes = Buffer.alloc(file.size());
      file.read(bytes, 0, bytes.length, 0);
      return parse(bytes.toString("utf8")) ?? raise("STATE_FOLDER_DAMAGED", { path });
    } finally {
      file.close();
    }
  }

  /** Takes the folder over with a new attempt, durably. STATE_OF_OTHER_JOB unless a new epoch begins. */
  static async take(
    disk: Disk,
    dir: string,
    job: string,
    { begins = false, above = { epoch: 0, attempt: 0 }, savepoint }: Taking = {},
  ): Promise<StateFolder> {
    const before = StateFolder.read(disk, dir);
    if (before !== undefined && before.job !== job && !begins)
      raise("STATE_OF_OTHER_JOB", { dir, job, other: before.job });
    const isNew = begins || before === undefined;
    const epoch = isNew ? Math.max(before?.epoch ?? 0, above.epoch) + 1 : before.epoch;
    const attempt = Math.max(before?.attempt ?? 0, above.attempt) + 1;
    const from = savepoint === undefined ? {} : { savepoint };
    const folder = new StateFolder(disk, dir, { job, epoch, attempt, state: "running", ...from });
    disk.makeFolder(dir);
    await folder.#write();
    // With its name all that the folder holds would be lost.
    await disk.syncFolder(dirname(resolve(dir)));
    return folder;
  }

  get run(): RunState {
    return this.#mine;
  }

  /** Throws FENCED once another runner has taken the folder. */
  requireMine(): void {
    const now = StateFolder.read(this.#disk, this.#dir);
    if (now?.attempt !== this.#mine.attempt) raise("FENCED", { dir: this.#dir });
  }

  /** The run has the savepoint, which it begins from, as a checkpoint of its own. */
  async hasBegun(): Promise<void> {
    const { savepoint: _, ...rest } = this.#mine;
    this.#mine = rest;
    await this.#write();
  }

  /** The run has come to its end, and all of it is out. */
  async complete(): Promise<void> {
    this.requireMine();
    this.#mine = { ...this.#mine, state: "complete" };
    await this.#write();
  }

  async #write(): Promise<void> {
    const path = fileOf(this.#dir);
    const file = this.#disk.open(`${path}.new`, "create");
    try {
      file.write(Buffer.from(`${JSON.stringify(this.#mine)}\n`), 0);
      await file.sync();
    } finally {
      file.close();
    }
    this.#disk.rename(`${path}.new`, path);
    await this.#disk.syncFolder(this.#dir);
  }
}

function parse(text: string): RunState | undefined {
  let found: Partial<Record<keyof RunState, unknown>>;
  try {
    found = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { job, epoch, attempt, state, savepoint } = found;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0;
  const isWhole =
    typeof job === "string" &&
    isCount(epoch) &&
    isCount(attempt) &&
    (state === "running" || state === "complete") &&
    (savepoint === undefined || typeof savepoint === "string");
  return isWhole ? (found as RunState) : undefined;
}

function fileOf(dir: string): string {
  return join(dir, "run.json");
}
