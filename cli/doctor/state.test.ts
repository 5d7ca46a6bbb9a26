import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemDisk } from "../../base/disk.ts";
import { CheckpointStore } from "../../runtime/checkpoint/checkpoint-store.ts";
import { StateFolder } from "../../runtime/checkpoint/state-folder.ts";
import { examineState } from "./state.ts";

const NOW = Date.parse("2026-03-05T10:15:00Z");
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "countercheck-state-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A run with two checkpoints, the newer of them 90 s old. */
async function layRun(): Promise<StateFolder> {
  const folder = await StateFolder.take(systemDisk, dir, "payments");
  const store = new CheckpointStore(systemDisk, dir);
  for (const checkpoint of [1, 2]) {
    const split = { source: "shop", name: "maria.shop.payments/0", group: 1, offset: 100 * checkpoint, saved: "" };
    const empty = { stores: [], kept: [], operators: [], rows: [], sources: [], before: null, observed: null };
    const manifest = { format: 1, job: "payments", epoch: 1, attempt: 1, checkpoint, takenAt: NOW - 90_000 } as const;
    await store.write({ ...manifest, ...empty, parallelism: 1, splits: [split] }, [], () => undefined);
  }
  return folder;
}

const look = (job?: string) => {
  const { findings, offsets } = examineState(dir, job, NOW);
  return {
    found: findings.map(({ level, code, says }) => [level, code ?? says] as const),
    offsets: offsets.get("shop"),
  };
};

describe("the state of a run", () => {
  it("is nothing yet, and stays nothing for being looked at", () => {
    expect(look().found).toEqual([["ok", expect.stringContaining("holds no run")]]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("is gone on with from its newest checkpoint", async () => {
    await layRun();
    const { found, offsets } = look("payments");
    expect(found).toEqual([["ok", expect.stringContaining("epoch 1, checkpoint 2, 1m30s old")]]);
    expect(offsets).toEqual(new Map([["maria.shop.payments/0", 200]]));
  });

  it("belongs to one job, and is over when the run is", async () => {
    const folder = await layRun();
    expect(look("refunds").found).toEqual([["problem", "STATE_OF_OTHER_JOB"]]);
    await folder.complete();
    expect(look("payments")).toEqual({
      found: [["ok", expect.stringContaining("has come to its end")]],
      offsets: undefined,
    });
  });

  it("is damaged in its newest checkpoint, in all of them, or altogether", async () => {
    await layRun();
    appendFileSync(join(dir, "checkpoint-000000000002.json"), "x");
    const { found, offsets } = look("payments");
    expect(found).toEqual([
      ["ok", expect.stringContaining("checkpoint 1,")],
      ["warning", "CHECKPOINT_DAMAGED"],
    ]);
    expect(offsets).toEqual(new Map([["maria.shop.payments/0", 100]]));
    truncateSync(join(dir, "checkpoint-000000000001.outbox"), 1);
    expect(look("payments").found).toEqual([["problem", "CHECKPOINTS_ALL_DAMAGED"]]);
    writeFileSync(join(dir, "run.json"), "{");
    expect(look("payments").found).toEqual([["problem", "STATE_DAMAGED"]]);
  });
});
