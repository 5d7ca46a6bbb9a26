import { type Disk, systemDisk } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { type FolderLock, lockFolder } from "../base/folder-lock.ts";
import { CheckpointStore } from "../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../runtime/checkpoint/manifest.ts";
import { importSegments, readSavepoint, type Savepoint } from "../runtime/checkpoint/savepoint.ts";
import { type RunState, StateFolder } from "../runtime/checkpoint/state-folder.ts";

/** An epoch and an attempt in it. */
export interface Beginning {
  readonly epoch: number;
  readonly attempt: number;
}

/** How the state of a run is opened. */
export interface StateRequest {
  readonly dir: string;
  readonly job: string;
  /** Begin from the start of the log, whatever is there. */
  readonly fresh: boolean;
  /** Folder of a savepoint to begin from, absolute. */
  readonly fromSavepoint?: string | undefined;
  /** Throws where the job cannot go on from a checkpoint; before anything is changed. */
  readonly requireUsable: (from: Manifest) => void;
  /** What the results were last brought out by; asked once no other run can have the folder. */
  readonly lastOut: () => Promise<Beginning | undefined>;
  /** Told of places in a checkpoint. */
  readonly onPoint?: (name: string) => void;
  /** Default: the machine's own. The lock is always on that. */
  readonly disk?: Disk;
}

/** The state folder of a run, locked and taken over. */
export interface OpenState {
  readonly folder: StateFolder;
  readonly checkpoints: CheckpointStore;
  /** The savepoint that the run begins from. */
  readonly savepoint: Savepoint | undefined;
  /** The newest checkpoint that can be read, of a run that goes on. */
  readonly newest: Manifest | undefined;
  /** There are checkpoints of a run that goes on, be they damaged. */
  readonly hasCheckpoints: boolean;
  /** A new epoch begins. */
  readonly begins: boolean;
  readonly lock: FolderLock;
}

/**
 * Opens the state folder of a run. A run that was not complete is gone on with; else, or if so wanted, a new epoch begins.
 * STATE_LOCKED, STATE_OF_OTHER_JOB, STATE_FOLDER_DAMAGED, RESULTS_OF_NEWER_RUN, SAVEPOINT_NOT_FOUND, SAVEPOINT_OF_OTHER_JOB,
 * CHECKPOINTS_DAMAGED, CHECKPOINT_DAMAGED, and what `requireUsable` throws; all but the first leave everything as it was.
 */
export async function openState(request: StateRequest): Promise<OpenState> {
  const { dir, job, fresh, lastOut, onPoint, requireUsable, disk = systemDisk } = request;
  disk.makeFolder(dir);
  const lock = lockFolder(dir, "STATE_LOCKED");
  try {
    const before = fresh ? undefined : StateFolder.read(disk, dir);
    const out = await lastOut();
    const source = savepointOf(request, before);
    const savepoint = source === undefined ? undefined : readSavepointOf(disk, job, source);
    const begins = fresh || savepoint !== undefined || before?.state === "complete";
    // What a run has brought out is never begun anew, nor its epochs, because its state is lost.
    if (!begins && before === undefined && out !== undefined)
      raise("CHECKPOINTS_DAMAGED", { reason: "They are gone." });
    // Each of the two would take results of the other for its own, and leave them out.
    if (!begins && before?.job === job && out !== undefined && out.epoch > before.epoch)
      raise("RESULTS_OF_NEWER_RUN", { dir, epoch: before.epoch, newer: out.epoch });
    const checkpoints = new CheckpointStore(disk, dir, onPoint);
    const newest = begins || before?.job !== job ? undefined : newestOf(checkpoints, before.epoch);
    const from = savepoint ?? newest;
    if (from !== undefined) requireUsable(from);
    const folder = await StateFolder.take(disk, dir, job, begins ? newerOf(savepoint, out) : undefined, source);
    if (begins) checkpoints.clear();
    if (savepoint !== undefined) await importSegments(disk, savepoint, source!, checkpoints.segments);
    const hasCheckpoints = newest !== undefined || (!begins && hasDamaged(checkpoints));
    return { folder, checkpoints, savepoint, newest, hasCheckpoints, begins, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** What a run that begins must be above: the savepoint that it begins from, and what is out. */
function newerOf(savepoint: Beginning | undefined, out: Beginning | undefined): Beginning {
  return {
    epoch: Math.max(savepoint?.epoch ?? 0, out?.epoch ?? 0),
    attempt: Math.max(savepoint?.attempt ?? 0, out?.attempt ?? 0),
  };
}

/** The one that is asked for, or that a run was to begin from which died before it had. */
function savepointOf({ fresh, fromSavepoint, job }: StateRequest, before: RunState | undefined): string | undefined {
  if (fresh || fromSavepoint !== undefined) return fromSavepoint;
  return before?.job === job ? before.savepoint : undefined;
}

function readSavepointOf(disk: Disk, job: string, dir: string): Savepoint {
  const savepoint = readSavepoint(disk, dir);
  if (savepoint.job !== job) raise("SAVEPOINT_OF_OTHER_JOB", { dir, job, other: savepoint.job });
  return savepoint;
}

function hasDamaged(checkpoints: CheckpointStore): boolean {
  return checkpoints.list().some((checkpoint) => checkpoints.tryRead(checkpoint) === undefined);
}

function newestOf(checkpoints: CheckpointStore, epoch: number): Manifest | undefined {
  for (const checkpoint of checkpoints.list()) {
    const manifest = checkpoints.tryRead(checkpoint);
    if (manifest?.epoch === epoch) return manifest;
  }
  return undefined;
}
