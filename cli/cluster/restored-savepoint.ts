import type { Disk } from "../../base/disk.ts";
import type { Graph } from "../../dataflow/graph.ts";
import type { TaskPlace } from "../../flink/frames.ts";
import { type SplitEntry, splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { readSavepoint, type Savepoint } from "../../runtime/checkpoint/savepoint.ts";
import { requireUsable } from "../../runtime/checkpoint/upgrade.ts";
import { keyedTables } from "../../runtime/operators/keyed-tables.ts";
import { heartbeatPart, keptRows, sourcePart, splitPart } from "../../runtime/source-parts.ts";
import type { AskingTask, CheckpointPart, KeptState } from "../../runtime/task.ts";
import { isOwn } from "../../state/key-groups.ts";
import type { ChildSpec, ChildSplit } from "./child-spec.ts";
import { readStoredParts } from "./stored-parts.ts";

/** What an embedded savepoint is read with. */
export interface SavepointOptions {
  readonly disk: Disk;
  readonly graph: Graph;
  readonly spec: Pick<ChildSpec, "splits" | "allowDroppedState">;
  /** Folder of the savepoint, which is left as it is. */
  readonly folder: string;
}

/** How the parts of a savepoint are read for one task. */
export interface SavepointReading {
  readonly disk: Disk;
  /** Used meanwhile, at most. */
  readonly memoryBytes: number;
}

/**
 * A savepoint of the embedded runner, whose parts tasks on the cluster go on from: keys keep their key groups; rows, which
 * embedded are kept by numbers of splits, come into the key groups that the plan gives the splits.
 */
export class RestoredSavepoint {
  readonly #options: SavepointOptions;
  readonly #savepoint: Savepoint;
  readonly #splits: ReadonlyMap<string, ChildSplit>;

  /**
   * SAVEPOINT_NOT_FOUND, CHECKPOINT_DAMAGED, CHECKPOINT_VERSION; STATE_INCOMPATIBLE, and STATE_DROPPED where the job no
   * longer has a state and `allowDroppedState` is false.
   */
  constructor(options: SavepointOptions) {
    const { disk, graph, spec, folder } = options;
    this.#options = options;
    this.#savepoint = readSavepoint(disk, folder);
    requireUsable(this.#savepoint, graph, spec.allowDroppedState);
    this.#splits = new Map(spec.splits.map((split) => [splitKey(split.source, splitName(split)), split]));
  }

  /**
   * Brings a task at its place what it goes on from, by `take` and `restored`; the task with the sources gets rows and splits
   * besides. STATE_CORRUPT, STATE_MEMORY_EXCEEDED, and what the task raises.
   */
  async bring(task: AskingTask, place: TaskPlace, reading: SavepointReading): Promise<void> {
    const { kept, operators } = this.#savepoint;
    const uids = new Set(task.kept.map(({ uid }) => uid));
    for (const { uid, saved } of operators)
      if (uids.has(uid)) for (const bytes of saved) task.take(ownPart(uid, bytes));
    const hasSources = place.task === 0;
    if (hasSources) this.#bringSplits(task, place);
    const own = kept.filter(({ uid }) => uids.has(uid));
    this.#bringRecords(task, place, own, hasSources, reading);
    const rows = hasSources ? this.#savepoint.rows.map(keptRows) : [];
    await task.restored([...own, ...rows], place.subtask === 0);
  }

  #bringSplits(task: AskingTask, place: TaskPlace): void {
    for (const entry of this.#savepoint.splits) {
      const split = this.#splitOf(entry);
      if (split === undefined) continue;
      if (split.heartbeat) task.take(heartbeatPart(entry));
      else if (isOwn(split.keyGroup, place)) task.take(splitPart({ ...entry, group: split.keyGroup }));
    }
    for (const { source, saved } of this.#savepoint.sources)
      for (const bytes of saved) task.take(sourcePart(source, bytes));
  }

  /** Records of keys, and of rows, which lie in the savepoint's files one among the other. */
  #bringRecords(
    task: AskingTask,
    place: TaskPlace,
    kept: readonly KeptState[],
    hasSources: boolean,
    { disk, memoryBytes }: SavepointReading,
  ): void {
    const keyed = new Map(kept.flatMap((one) => [...keyedTables(one)]));
    const rows = new Set(hasSources ? this.#savepoint.rows.map(({ table }) => table) : []);
    const groups = this.#groupsOfRows();
    const ownsRows = (group: number) => groups[group] !== undefined && isOwn(groups[group], place);
    readStoredParts(
      {
        ...{ disk, memoryBytes, folder: this.#options.folder, stores: this.#savepoint.stores },
        uids: new Map([...keyed, ...[...rows].map((table) => [table, table] as const)]),
        owns: (table, group) => (keyed.has(table) ? isOwn(group, place) : ownsRows(group)),
      },
      (part) => task.take(rows.has(part.uid) ? { ...part, keyGroup: groups[part.keyGroup]! } : part),
    );
  }

  /** The key groups that rows of splits come into, by the splits' numbers in the savepoint. */
  #groupsOfRows(): (number | undefined)[] {
    const groups: (number | undefined)[] = [];
    for (const entry of this.#savepoint.splits) groups[entry.group] = this.#splitOf(entry)?.keyGroup;
    return groups;
  }

  #splitOf({ source, name }: SplitEntry): ChildSplit | undefined {
    return this.#splits.get(splitKey(source, name));
  }
}

/** In place of a key group. */
const NO_GROUP = -1;

function ownPart(uid: string, saved: string): CheckpointPart {
  return { uid, keyGroup: NO_GROUP, bytes: Buffer.from(saved, "base64") };
}
