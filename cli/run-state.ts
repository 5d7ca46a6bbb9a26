import { type Disk, systemDisk } from "../base/disk.ts";
import { raise } from "../base/errors.ts";
import { type FolderLock, lockFolder, type Rank } from "../base/folder-lock.ts";
import { haveJobInCommon } from "../checks/joint-job.ts";
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
  /** What the results were last brought out by, looked at without hindering a run that brings out more. */
  readonly peekOut: () => Promise<Beginning | undefined>;
  /** The same, once the run has the folder: from then on no other brings out anything. */
  readonly lastOut: () => Promise<Beginning | undefined>;
  /** Of the run among those that may take the folder one after the other, wherever they run. */
  readonly rank?: Rank | undefined;
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
 * Its attempt is above that of all that is out, and its epoch too if it is new.
 * STATE_LOCKED, STATE_OF_OTHER_JOB, STATE_FOLDER_DAMAGED, RESULTS_OF_NEWER_RUN, SAVEPOINT_NOT_FOUND, SAVEPOINT_OF_OTHER_JOB,
 * CHECKPOINTS_DAMAGED, CHECKPOINT_DAMAGED, and what `requireUsable` throws: they leave all as it was, also to a run that
 * goes on elsewhere. Only what such a run brings out in the last moment is refused once it has been fenced.
 */
export async function openState(request: StateRequest): Promise<OpenState> {
  const { dir, job, fresh, peekOut, lastOut, onPoint, requireUsable, rank, disk = systemDisk } = request;
  disk.makeFolder(dir);
  const lock = lockFolder(dir, "STATE_LOCKED", rank);
  try {
    const before = fresh ? undefined : StateFolder.read(disk, dir);
    const out = await peekOut();
    const source = savepointOf(request, before);
    const savepoint = source === undefined ? undefined : readSavepointOf(disk, job, source);
    const begins = fresh || savepoint !== undefined || before?.state === "complete";
    if (!begins) requireOwn(dir, job, before, out);
    const checkpoints = new CheckpointStore(disk, dir, onPoint);
    const newest = begins || before?.job !== job ? undefined : newestOf(checkpoints, before.epoch);
    const from = savepoint ?? newest;
    if (from !== undefined) requireUsable(from);
    const take = (above: Beginning) => StateFolder.take(disk, dir, job, { begins, above, savepoint: source });
    let folder = await take(newerOf(savepoint, out));
    const atLast = await lastOut();
    if (!begins) requireOwn(dir, job, before, atLast);
    if (atLast !== undefined && !isAbove(folder.run, atLast, begins)) folder = await take(newerOf(savepoint, atLast));
    if (begins) checkpoints.clear();
    if (savepoint !== undefined) await importSegments(disk, savepoint, source!, checkpoints.segments);
    const hasCheckpoints = newest !== undefined || (!begins && hasDamaged(checkpoints));
    return { folder, checkpoints, savepoint, newest, hasCheckpoints, begins, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Throws where a run that is to go on is not the one that brought out the results that are there. */
function requireOwn(dir: string, job: string, before: RunState | undefined, out: Beginning | undefined): void {
  if (out === undefined) return;
  // What a run has brought out is never begun anew, nor its epochs, because its state is lost.
  if (before === undefined) raise("CHECKPOINTS_DAMAGED", { reason: "They are gone." });
  // Each of the two would take results of the other for its own, and leave them out.
  if (before.job === job && out.epoch > before.epoch)
    raise("RESULTS_OF_NEWER_RUN", { dir, epoch: before.epoch, newer: out.epoch });
}

function isAbove(run: Beginning, out: Beginning, begins: boolean): boolean {
  return run.attempt > out.attempt && (begins ? run.epoch > out.epoch : run.epoch >= out.epoch);
}

/** What a run must be above: the savepoint that it begins from, and what is out. */
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
  if (!haveJobInCommon(savepoint.job, job)) raise("SAVEPOINT_OF_OTHER_JOB", { dir, job, other: savepoint.job });
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
