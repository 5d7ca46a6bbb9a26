import { systemDisk } from "../../base/disk.ts";
import { isError } from "../../base/errors.ts";
import { formatDuration } from "../../base/time.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../../runtime/checkpoint/manifest.ts";
import { type RunState, StateFolder } from "../../runtime/checkpoint/state-folder.ts";
import { defect, type Finding, ok } from "./finding.ts";

/** What was found of a state folder. */
export interface ExaminedState {
  readonly findings: readonly Finding[];
  /** Where a run would go on, by source: offset by `topic/partition`. Empty where it would begin anew. */
  readonly offsets: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

/** A disk on which nothing is made: to look at a folder leaves it as it is. */
const lookingDisk = { ...systemDisk, makeFolder: () => undefined };

const NO_OFFSETS: ExaminedState["offsets"] = new Map();

/** Looks at the state of a run: whose it is, whether its checkpoints are whole, and where it would go on. */
export function examineState(dir: string, job: string | undefined, nowMs: number): ExaminedState {
  const about = "state";
  try {
    const run = StateFolder.read(lookingDisk, dir);
    if (run === undefined) {
      return { findings: [ok(about, `${dir} holds no run; the next one begins from the start`)], offsets: NO_OFFSETS };
    }
    if (job !== undefined && run.job !== job)
      return { findings: [defect("STATE_OF_OTHER_JOB", about, { dir, other: run.job, job })], offsets: NO_OFFSETS };
    if (run.state === "complete") {
      const says = `${dir} holds a run of ${run.job} that has come to its end; the next one begins from the start`;
      return { findings: [ok(about, says)], offsets: NO_OFFSETS };
    }
    return examineCheckpoints(about, dir, run, nowMs);
  } catch (error) {
    if (!isError(error)) throw error;
    return { findings: [defect("STATE_DAMAGED", about, { reason: error.message })], offsets: NO_OFFSETS };
  }
}

function examineCheckpoints(about: string, dir: string, run: RunState, nowMs: number): ExaminedState {
  const store = new CheckpointStore(lookingDisk, dir);
  const damaged: Finding[] = [];
  const reasons: string[] = [];
  for (const checkpoint of store.list()) {
    try {
      const manifest = store.read(checkpoint);
      if (manifest.epoch !== run.epoch) continue;
      store.readOutbox(manifest);
      const age = formatDuration(Math.max(0, nowMs - manifest.takenAt));
      const says = `${dir} holds a run of ${run.job} to go on with: epoch ${run.epoch}, checkpoint ${checkpoint}, ${age} old`;
      return { findings: [ok(about, says), ...damaged], offsets: offsetsOf(manifest) };
    } catch (error) {
      if (!isError(error, "CHECKPOINT_DAMAGED")) throw error;
      reasons.push(error.message);
      damaged.push(defect("CHECKPOINT_DAMAGED", about, { checkpoint, dir, reason: error.message }));
    }
  }
  if (damaged.length > 0) {
    const all = { count: damaged.length, dir, reason: reasons.join(" ") };
    return { findings: [defect("CHECKPOINTS_ALL_DAMAGED", about, all)], offsets: NO_OFFSETS };
  }
  const says = `${dir} holds a run of ${run.job} without a checkpoint; it begins from the start`;
  return { findings: [ok(about, says)], offsets: NO_OFFSETS };
}

function offsetsOf({ splits }: Manifest): ExaminedState["offsets"] {
  const offsets = new Map<string, Map<string, number>>();
  for (const { source, name, offset } of splits) {
    const of = offsets.get(source) ?? new Map<string, number>();
    offsets.set(source, of.set(name, offset));
  }
  return offsets;
}
