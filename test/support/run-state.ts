import { rmSync } from "node:fs";
import { systemDisk } from "../../base/disk.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { StateFolder } from "../../runtime/checkpoint/state-folder.ts";

/** Lays the state of a run of `payment-settlement` that has read `topic/partition` of the shop up to an offset. */
export async function layState(dir: string, partition: string, offset: number): Promise<void> {
  const job = "payment-settlement";
  rmSync(dir, { recursive: true, force: true });
  const { epoch, attempt } = (await StateFolder.take(systemDisk, dir, job)).run;
  const of = { format: 1, job, epoch, attempt, checkpoint: 1, takenAt: Date.now(), parallelism: 1 } as const;
  const empty = { stores: [], kept: [], operators: [], rows: [], sources: [], before: null, observed: null };
  const splits = [{ source: "shop", name: partition, group: 1, offset, saved: "" }];
  await new CheckpointStore(systemDisk, dir).write({ ...of, ...empty, splits }, [], () => undefined);
}
