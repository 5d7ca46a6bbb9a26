import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ByteReader } from "../../base/bytes.ts";
import { systemDisk } from "../../base/disk.ts";
import { sinkNames } from "../../cli/cluster/child-spec.ts";
import { HostedTasks } from "../../cli/cluster/hosted-tasks.ts";
import { specOfJob } from "../../cli/cluster/spec-of-job.ts";
import { splitsOf } from "../../cli/compose.ts";
import { readConfig } from "../../cli/config.ts";
import { loadJobs } from "../../cli/load-job.ts";
import type { TaskPlace } from "../../flink/frames.ts";
import type { HostedTask } from "../../flink/hosted-task.ts";
import { splitKey, splitName } from "../../runtime/checkpoint/manifest.ts";
import { readSavepoint, type Savepoint } from "../../runtime/checkpoint/savepoint.ts";
import { planOf } from "../../runtime/plan.ts";
import type { CheckpointPart, TaskOutput } from "../../runtime/task.ts";
import { subtaskOf } from "../../state/key-groups.ts";
import { StateStore } from "../../state/state-store.ts";
import { GrowingShop, JOB } from "../savepoints/growing-shop.ts";
import { TemporaryFolder } from "../support/cli.ts";

const NOTHING: TaskOutput = {
  forward: () => undefined,
  control: () => undefined,
  end: () => undefined,
  emit: () => undefined,
};

describe("an embedded savepoint on the cluster", () => {
  it("comes to the subtasks that own its keys and splits, each record once", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 200);
    const file = shop.config("run");
    shop.growTo(0.6);
    const run = shop.follow("run", ["--parallelism", "2"]);
    await shop.emits("run", 10);
    expect((await shop.ask("stop", "--savepoint", "saved", "--config", "run.json")).code).toBe(0);
    await run.ended;
    const savepoint = readSavepoint(systemDisk, join(folder.path, "saved"));
    const before = recordsOf(savepoint, join(folder.path, "saved"));
    const files = systemDisk.list(join(folder.path, "saved"));

    const graph = (await loadJobs({ paths: [JOB] })).graph();
    const config = readConfig(file);
    const known = new Map(savepoint.splits.map((entry) => [splitKey(entry.source, entry.name), entry]));
    const splits = splitsOf(graph, config.sources).map(({ source, table, topic, partition }, index) => ({
      ...{ source: source.name, table, topic, partition, topicId: "", heartbeat: table === source.heartbeatTable },
      keyGroup: (index * 37) % 128,
      start: known.get(splitKey(source.name, splitName({ topic, partition })))!.offset,
    }));
    const spec = specOfJob({
      ...{ job: graph.name, epoch: 2, config, splits, sinks: sinkNames([]), allowDroppedState: false },
      contracts: { verdicts: 1, alerts: 2, "dead-letters": 3, markers: 4 },
      savepoint: join(folder.path, "saved"),
    });
    const groupOf = new Map<string, number>();
    for (const split of splits) groupOf.set(splitKey(split.source, splitName(split)), split.keyGroup);

    for (const parallelism of [1, 3]) {
      const hooks = { note: () => undefined, onFailure: (error: unknown) => expect.unreachable(String(error)) };
      const tasks = new HostedTasks(spec, graph, hooks);
      const parts: CheckpointPart[] = [];
      const positions: string[] = [];
      for (let task = 0; task < planOf(graph).tasks.length; task++) {
        for (let subtask = 0; subtask < parallelism; subtask++) {
          const place: TaskPlace = {
            ...{ task, subtask, parallelism, keyGroups: 128, restores: false },
            outputs: planOf(graph).tasks[task]!.outputs.map(() => parallelism),
            folder: mkdtempSync(join(folder.path, "task-")),
          };
          let alive = 0;
          const hosted = tasks.make(place, { record: () => undefined }, () => alive++);
          const own = await begun(hosted);
          expect(alive, "what is read shows that the task is at work").toBeGreaterThan(0);
          expect(own.every(({ keyGroup }) => keyGroup < 0 || subtaskOf(keyGroup, parallelism) === subtask)).toBe(true);
          parts.push(...own.filter(({ keyGroup }) => keyGroup >= 0));
          positions.push(...own.filter(({ uid }) => uid === "$splits").map(positionIn));
          hosted.close();
        }
      }
      const data = savepoint.splits.filter(({ source, name }) => groupOf.has(splitKey(source, name)));
      const wanted = data
        .filter(
          ({ source, name }) => !splits.find((one) => one.source === source && splitName(one) === name)!.heartbeat,
        )
        .map(({ source, name, offset }) => `${splitKey(source, name)} ${offset}`);
      expect(positions.sort()).toEqual(wanted.sort());
      expect(countsOf(parts)).toEqual(before);
      expect(systemDisk.list(join(folder.path, "saved"))).toEqual(files);
      await tasks.close(0);
    }
  });
});

/** What a task that goes on from a savepoint says at once that it keeps. */
async function begun({ task, begin }: HostedTask): Promise<CheckpointPart[]> {
  task.open(NOTHING);
  await begin?.();
  const at = task.barrier();
  const parts = [...at.own];
  for (let some = at.next(); some !== undefined; some = at.next()) parts.push(...some);
  task.close();
  return parts;
}

function positionIn({ bytes }: CheckpointPart): string {
  const input = new ByteReader(bytes);
  return `${splitKey(input.text(), input.text())} ${input.uint()}`;
}

/** Records by table: those of a savepoint. */
function recordsOf({ stores }: Savepoint, dir: string): Record<string, number> {
  const store = new StateStore({ disk: systemDisk, dir, prefix: "look", memoryBytes: 1 << 26 });
  const counts: Record<string, number> = {};
  store.restore(stores, () => true);
  const snapshot = store.snapshot();
  snapshot.forEach((table) => {
    const name = table.replace(/^keys\//, "");
    counts[name] = (counts[name] ?? 0) + 1;
  });
  snapshot.release();
  store.close();
  return counts;
}

/** The same of parts. */
function countsOf(parts: readonly CheckpointPart[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { uid, bytes } of parts.filter(({ uid }) => uid !== "$splits")) {
    const input = new ByteReader(bytes);
    for (; !input.isAtEnd; counts[uid] = (counts[uid] ?? 0) + 1) {
      input.block();
      input.block();
    }
  }
  return counts;
}
