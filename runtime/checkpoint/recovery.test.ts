import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { raise } from "../../base/errors.ts";
import { StateStore, type StorePart } from "../../state/state-store.ts";
import type { WorkerHandle } from "../worker-handle.ts";
import { CheckpointStore } from "./checkpoint-store.ts";
import type { RunObserver, Sink } from "./checkpointer.ts";
import type { Manifest } from "./manifest.ts";
import { recover } from "./recovery.ts";

const RUN = { job: "job", epoch: 1, attempt: 2, state: "running" } as const;
const KEY = Buffer.from("key");
const VALUE = Buffer.alloc(100_000, 7);

let dir: string;
let checkpoints: CheckpointStore;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countercheck-recovery-"));
  checkpoints = new CheckpointStore(systemDisk, dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("recovery", () => {
  it("leaves what workers write while they start, as one does that converts its state", async () => {
    await checkpoints.write(manifestOf(1, await written("a1")), [], () => undefined);
    let converted: StorePart | undefined;
    await recovered(async (from) => {
      const store = openStore("a2");
      store.restore(from!.stores, () => true);
      store.table("keys").put(0, KEY, 0, KEY.length, VALUE, 0, VALUE.length);
      const { part, durable } = store.checkpoint();
      await durable;
      store.close();
      converted = part;
    });
    const files = readdirSync(checkpoints.segments);
    expect(files).toEqual(expect.arrayContaining(converted!.segments.map(({ file }) => file)));
  });

  it("removes what a process that died left half done", async () => {
    await checkpoints.write(manifestOf(1, await written("a1")), [], () => undefined);
    const before = readdirSync(dir, { recursive: true }).sort();
    await written("a1-unfinished");
    for (const name of ["checkpoint-000000000002.outbox", "checkpoint-000000000002.json.new", "tmp/timers"])
      writeFileSync(join(dir, name), "half");
    await recovered(async () => {});
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
  });

  it("removes nothing where no checkpoint can be used", async () => {
    await checkpoints.write(manifestOf(1, await written("a1")), [], () => undefined);
    await checkpoints.write(manifestOf(2, await written("a2")), [], () => undefined);
    const before = readdirSync(dir, { recursive: true }).sort();
    const failing = async () => raise("STATE_CORRUPT", { file: "a", position: 0, reason: "it is damaged" });
    await expect(recovered(failing)).rejects.toMatchObject({ code: "CHECKPOINTS_DAMAGED" });
    expect(readdirSync(dir, { recursive: true }).sort()).toEqual(before);
  });
});

/** Recovers with one worker that starts like this. */
function recovered(start: WorkerHandle["start"]) {
  const close = async () => {};
  return recover({
    run: RUN,
    checkpoints,
    openWorkers: () => [{ start, close } as WorkerHandle],
    sink: { recover: async () => {}, hasDelivered: () => false } as Partial<Sink> as Sink,
    observer: { restore: () => {} } as Partial<RunObserver> as RunObserver,
    clock: { now: () => 0 },
    checkpointEveryMs: 1,
    requireMine: () => undefined,
  });
}

function openStore(prefix: string): StateStore {
  return new StateStore({ disk: systemDisk, dir: checkpoints.segments, prefix, memoryBytes: 1 << 24 });
}

/** A store's part with one record. */
async function written(prefix: string): Promise<StorePart> {
  const store = openStore(prefix);
  store.table("keys").put(0, KEY, 0, KEY.length, VALUE, 0, VALUE.length);
  const { part, durable } = store.checkpoint();
  await durable;
  store.close();
  return part;
}

function manifestOf(checkpoint: number, store: StorePart): Omit<Manifest, "outbox"> {
  return {
    format: 1,
    job: RUN.job,
    epoch: RUN.epoch,
    attempt: 1,
    checkpoint,
    takenAt: 0,
    parallelism: 1,
    stores: [store],
    kept: [],
    operators: [],
    rows: [],
    splits: [],
    sources: [],
    before: null,
    observed: null,
  };
}
