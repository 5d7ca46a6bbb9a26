import { systemDisk } from "../base/disk.ts";
import { type FolderLock, lockFolder } from "../base/folder-lock.ts";
import { CheckpointStore } from "../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../runtime/checkpoint/manifest.ts";
import { importSegments, readSavepoint } from "../runtime/checkpoint/savepoint.ts";
import { StateFolder } from "../runtime/checkpoint/state-folder.ts";

/** How the state of a run is opened. */
export interface StateRequest {
  readonly dir: string;
  readonly job: string;
  /** Begin from the start of the log, whatever is there. */
  readonly fresh: boolean;
  /** Folder of a savepoint to begin from. */
  readonly fromSavepoint?: string | undefined;
  /** Told of places in a checkpoint. */
  readonly onPoint?: (name: string) => void;
}

/** The state folder of a run, locked and taken over. */
export interface OpenState {
  readonly folder: StateFolder;
  readonly checkpoints: CheckpointStore;
  /** The savepoint that the run begins from. */
  readonly savepoint: Manifest | undefined;
  /** The newest checkpoint that can be read, of a run that goes on. */
  readonly newest: Manifest | undefined;
  readonly lock: FolderLock;
}

/**
 * Opens the state folder of a run. A run that was not complete is gone on with; else, or if so wanted, a new epoch begins.
 * STATE_LOCKED, STATE_OF_OTHER_JOB, STATE_FOLDER_DAMAGED, SAVEPOINT_NOT_FOUND, CHECKPOINT_DAMAGED.
 */
export async function openState(request: StateRequest): Promise<OpenState> {
  const { dir, job, fresh, fromSavepoint, onPoint } = request;
  systemDisk.makeFolder(dir);
  const lock = lockFolder(dir, "STATE_LOCKED");
  try {
    const savepoint = fromSavepoint === undefined ? undefined : readSavepoint(systemDisk, fromSavepoint);
    const before = fresh ? undefined : StateFolder.read(systemDisk, dir);
    const begins = fresh || savepoint !== undefined || before?.state === "complete";
    const folder = await StateFolder.take(systemDisk, dir, job, begins ? (savepoint ?? NOTHING) : undefined);
    const checkpoints = new CheckpointStore(systemDisk, dir, onPoint);
    if (begins) checkpoints.clear([]);
    if (savepoint !== undefined) await importSegments(systemDisk, savepoint, fromSavepoint!, checkpoints.segments);
    const newest = begins ? undefined : newestOf(checkpoints, folder.run.epoch);
    return { folder, checkpoints, savepoint, newest, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

const NOTHING = { epoch: 0, attempt: 0 };

function newestOf(checkpoints: CheckpointStore, epoch: number): Manifest | undefined {
  for (const checkpoint of checkpoints.list()) {
    const manifest = checkpoints.tryRead(checkpoint);
    if (manifest?.epoch === epoch) return manifest;
  }
  return undefined;
}
