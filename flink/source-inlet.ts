import { assert } from "../base/errors.ts";
import type { SourcesTask } from "../runtime/task.ts";
import { subtaskOf } from "../state/key-groups.ts";
import type { PlannedSplit } from "./cluster-plan.ts";
import type { TaskPlace } from "./frames.ts";
import type { SourceInlet } from "./hosted-task.ts";
import { PushedPartition } from "./pushed-partition.ts";

/** A split of a plan that a subtask reads, and what it is read from. */
export interface PushedSplit<S extends PlannedSplit> {
  readonly planned: S;
  readonly partition: PushedPartition;
}

/** The splits that a subtask of the first task reads: those of its key groups, and all heartbeats. */
export class PushedSplits<S extends PlannedSplit = PlannedSplit> {
  /** By their numbers in the plan; undefined for those of other subtasks. */
  readonly byNumber: readonly (PushedSplit<S> | undefined)[];

  /** `splits` are all of the plan's. */
  constructor(splits: readonly S[], place: Pick<TaskPlace, "subtask" | "parallelism" | "restores">) {
    const { subtask, parallelism, restores } = place;
    this.byNumber = splits.map((planned) => {
      const { topic, partition, start, heartbeat, keyGroup } = planned;
      if (!heartbeat && subtaskOf(keyGroup, parallelism) !== subtask) return undefined;
      return { planned, partition: new PushedPartition(topic, partition, start, restores) };
    });
  }

  /** Those of a source, in order. */
  of(source: string): PushedSplit<S>[] {
    return this.byNumber.filter((split) => split !== undefined && split.planned.source === source) as PushedSplit<S>[];
  }

  /**
   * False where records of a source have come since this was asked last that the log has had since before `time`, in epoch
   * ms: a backlog is worked off. What does not come at all is no backlog.
   */
  isCaughtUp(source: string, time: number): boolean {
    let isCaughtUp = true;
    for (const { planned, partition } of this.of(source)) {
      if (planned.heartbeat) continue;
      const newest = partition.takeNewest();
      if (newest !== undefined && newest < time) isCaughtUp = false;
    }
    return isCaughtUp;
  }
}

/** Brings what Flink read to the task that has the sources. */
export function sourceInlet(splits: PushedSplits, task: SourcesTask): SourceInlet {
  const targets = splits.byNumber.map((split): Target | undefined => {
    if (split === undefined) return undefined;
    const { source, topic, partition } = split.planned;
    return { source, partition: split.partition, number: task.splitOf(source, topic, partition) };
  });
  const of = (number: number): Target => {
    const target = targets[number];
    assert(target !== undefined, `split ${number} of the plan is read by this subtask`);
    return target;
  };
  /** The records of a split at `payload[start .. end)`, with its number in front. */
  const read = (payload: Buffer, start: number, end: number): void | Promise<void> => {
    const { partition, number } = of(payload.readInt32LE(start));
    partition.push(payload, start + 4, end);
    if (partition.hasPending) return task.read(number);
  };
  return {
    start: () => task.announce(),
    records: (payload) => read(payload, 0, payload.length),
    proof(payload) {
      const { ends, pieces } = readProof(payload);
      // What was told before would prove too much of a split whose end is not told this time.
      const sources = new Set(pieces.map(({ start }) => of(payload.readInt32LE(start)).source));
      for (const target of targets)
        if (target !== undefined && sources.has(target.source)) target.partition.prove(undefined);
      for (const { split, end } of ends) targets[split]?.partition.prove(end);
      return inTurn(pieces, ({ start, end }) => read(payload, start, end));
    },
  };
}

interface Target {
  readonly source: string;
  readonly partition: PushedPartition;
  /** The task's own number of it. */
  readonly number: number;
}

/** What a `proof` frame says; pieces are places in it. */
interface Proof {
  readonly ends: readonly { readonly split: number; readonly end: number }[];
  readonly pieces: readonly { readonly start: number; readonly end: number }[];
}

const END_BYTES = 12;

function readProof(payload: Buffer): Proof {
  const count = payload.readInt32LE(0);
  const ends = Array.from({ length: count }, (_, index) => {
    const at = 4 + index * END_BYTES;
    return { split: payload.readInt32LE(at), end: payload.readDoubleLE(at + 4) };
  });
  let at = 4 + count * END_BYTES;
  const pieces: { start: number; end: number }[] = [];
  let left = payload.readInt32LE(at);
  for (at += 4; left > 0; left--) {
    const start = at + 4;
    at = start + payload.readInt32LE(at);
    pieces.push({ start, end: at });
  }
  return { ends, pieces };
}

/** Does something with one after the other; a promise from the first on that gives one. */
function inTurn<T>(all: readonly T[], act: (one: T) => void | Promise<void>): void | Promise<void> {
  for (const [index, one] of all.entries()) {
    const acted = act(one);
    if (acted !== undefined) return acted.then(() => inTurn(all.slice(index + 1), act));
  }
}
