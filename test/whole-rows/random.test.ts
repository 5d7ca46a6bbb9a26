import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../base/random.ts";
import { RandomLog, twoTables } from "./random-log.ts";

const staged = twoTables();
const whole = twoTables({ before: "full" });
const schemas = mkdtempSync(join(tmpdir(), "countercheck-whole-"));
afterAll(() => rmSync(schemas, { recursive: true, force: true }));

const HISTORIES = Number(process.env.COUNTERCHECK_WHOLE_ROWS ?? 30);
const seeds = Array.from({ length: HISTORIES }, (_, i) => i + 1);

describe("over tables that say the row before", () => {
  it("the same is said without a row stage at every change, from the beginning, whatever is said again", async () => {
    let verdicts = 0;
    for (const seed of seeds) {
      const log = await RandomLog.write(seed, join(schemas, "registry"), seed % 2 === 0);
      const one = await log.run(staged, seed);
      const other = await log.run(whole, seed);
      verdicts += one.history.length;
      expect(other.rows).toBe(0);
      expect(one.rows).toBeGreaterThan(0);
      expect({ ...other, rows: 0 }, `seed ${seed}`).toEqual({ ...one, rows: 0 });
    }
    expect(verdicts).toBeGreaterThan(HISTORIES);
  });

  it("the same is said by several workers, and by processes that go on from another's checkpoint", async () => {
    for (const seed of seeds) {
      const random = seededRandom(seed).fork("cut");
      const log = await RandomLog.write(seed, join(schemas, "registry"), seed % 2 === 0);
      const one = await log.run(staged, seed);
      const other = await log.run(whole, seed + 1, 1 + (seed % 2), 1 + random.below(30));
      expect({ ...other, engineAlerts: [], rows: 0 }, `seed ${seed}`).toEqual({ ...one, engineAlerts: [], rows: 0 });
    }
  });

  it("the same is known at the end where reading begins in the middle", async () => {
    for (const seed of seeds) {
      const log = await RandomLog.write(seed, join(schemas, "registry"), seed % 2 === 0);
      const part = log.without(seededRandom(seed).fork("middle").next());
      const one = await part.run(staged, seed);
      const other = await part.run(whole, seed);
      expect([other.finals, other.faults], `seed ${seed}`).toEqual([one.finals, one.faults]);
    }
  });
});
