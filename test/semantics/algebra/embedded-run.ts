import { setImmediate as eventsToCome } from "node:timers/promises";
import { MemoryDisk } from "../../../base/memory-disk.ts";
import { modelsOf } from "../../../dataflow/graph.ts";
import { CheckpointStore } from "../../../runtime/checkpoint/checkpoint-store.ts";
import { importSegments, readSavepoint } from "../../../runtime/checkpoint/savepoint.ts";
import type { RunRequests } from "../../../runtime/embedded-runner.ts";
import type { OutboxRecord } from "../../../runtime/outbox.ts";
import { runInMemory } from "../../support/memory-run.ts";
import { CaseLog, CaseReader, splitGroups } from "./case-log.ts";
import type { AlgebraCase, InputName, Output } from "./format.ts";
import { caseJob } from "./jobs/case-job.ts";
import { Oracle } from "./jobs/lookups.ts";
import { toldBy } from "./jobs/tell.ts";

/** What came out of a case's runs, and how many keys had state when the last one stopped. */
export interface EmbeddedRun {
  readonly outputs: readonly Output[];
  readonly keys: number;
}

/**
 * Runs a case in as many runs as there are parallelisms, each with a part of the steps: workers, checkpoints and manifests
 * are those of every run. Each but the last stops with a savepoint, from which the next one begins.
 */
export async function runWithSavepoints(one: AlgebraCase, parallelisms: readonly number[]): Promise<EmbeddedRun> {
  const oracle = new Oracle();
  const graph = caseJob(one, oracle).graph();
  const inputs = modelsOf(graph).map(({ from }) => from[0]!.source as InputName);
  const log = new CaseLog(one, inputs, oracle);
  const disk = new MemoryDisk();
  disk.makeFolder("savepoints");
  const records: OutboxRecord[] = [];
  let keys = 0;
  for (const [part, parallelism] of parallelisms.entries()) {
    const through = Math.floor((log.length * (part + 1)) / parallelisms.length);
    const isLast = part === parallelisms.length - 1;
    const dir = `state-${part}`;
    if (part > 0) await beginFrom(savepointOf(part - 1), disk, dir, part);
    const { metrics } = await runInMemory(
      {
        graph,
        readers: (worker) => inputs.map((input, index) => new CaseReader(log, input, index % parallelism === worker)),
        groups: splitGroups(inputs),
        ...stepByStep(log, through, isLast ? undefined : savepointOf(part)),
        retainMs: 1e15,
        follow: true,
        parallelism,
        disk,
        dir,
        epoch: part,
      },
      records,
    );
    keys = metrics.operators.reduce((sum, operator) => sum + operator.keys, 0);
  }
  return { outputs: records.map(outputOf), keys };
}

const savepointOf = (part: number): string => `savepoints/${part}`;

/** Lets steps come until so many have, each when all workers have done what there was to do, and then stops the run. */
function stepByStep(log: CaseLog, through: number, savepoint: string | undefined) {
  let stop: ReturnType<RunRequests["next"]>;
  const clock = {
    now: () => 0,
    async sleep() {
      if (log.come < through) log.next();
      else stop = { stop: "keep", ...(savepoint === undefined ? {} : { savepoint }), done: () => undefined };
      await eventsToCome();
    },
  };
  return { clock, requests: { next: () => stop } };
}

/** A savepoint becomes a run's first checkpoint. */
export async function beginFrom(savepoint: string, disk: MemoryDisk, dir: string, epoch: number): Promise<void> {
  const checkpoints = new CheckpointStore(disk, dir);
  const { files, ...manifest } = readSavepoint(disk, savepoint);
  await importSegments(disk, { ...manifest, files }, savepoint, checkpoints.segments);
  await checkpoints.write({ ...manifest, epoch, attempt: epoch }, [], () => undefined);
}

function outputOf(each: OutboxRecord): Output {
  if (each.kind !== "emit") throw new Error(`a run tells of ${JSON.stringify(each)}`);
  return toldBy(each.record as Record<string, unknown>, each.output);
}
