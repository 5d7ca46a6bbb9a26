import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { RandomLog, twoTables } from "./random-log.ts";

const staged = twoTables();
const whole = twoTables({ before: "full" });
const schemas = mkdtempSync(join(tmpdir(), "countercheck-incremental-"));
afterAll(() => rmSync(schemas, { recursive: true, force: true }));

const HISTORIES = Number(process.env.COUNTERCHECK_WHOLE_ROWS ?? 30);
const seeds = Array.from({ length: HISTORIES }, (_, i) => i + 1);

const write = (seed: number, incremental: "right" | "missed") =>
  RandomLog.write(seed, join(schemas, "registry"), seed % 2 === 0, incremental);

describe("incremental snapshots of tables that say the row before", () => {
  it("say nothing where no change was missed, as with a row stage, and suspend nothing", async () => {
    for (const seed of seeds) {
      const log = await write(seed, "right");
      const one = await log.run(staged, seed);
      const other = await log.run(whole, seed);
      expect({ ...other, rows: 0 }, `seed ${seed}`).toEqual({ ...one, rows: 0 });
      expect([other.faults, other.engineAlerts], `seed ${seed}`).toEqual([0, []]);
    }
  });

  it("correct the amounts of rows whose changes were missed, and tell of it", async () => {
    let told = 0;
    for (const seed of seeds) {
      const log = await write(seed, "missed");
      const one = await log.run(staged, seed);
      const other = await log.run(whole, seed);
      expect([other.finals, other.faults], `seed ${seed}`).toEqual([one.finals, 0]);
      const known = new Set(one.engineAlerts);
      expect(other.engineAlerts.filter((alert) => !known.has(alert))).toEqual([]);
      told += other.engineAlerts.filter((alert) => alert.startsWith("SEED_DIFFERS/")).length;
    }
    expect(told).toBeGreaterThan(0);
  });
});
