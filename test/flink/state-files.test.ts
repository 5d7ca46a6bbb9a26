import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { buildJava, runJava } from "./maven.ts";

const SEEDS = 3;
const first = Number(process.env.COUNTERCHECK_SEED ?? Date.now() % 100_000);

describe("files of a task's state in Flink's checkpoints", () => {
  const folder = new TemporaryFolder();

  beforeAll(() => buildJava());

  afterAll(() => folder[Symbol.dispose]());

  it.each(Array.from({ length: SEEDS }, (_, index) => first + index))(
    "come back from each that is kept, whichever fail, and no others stay (seed %i)",
    async (seed) => {
      const [told] = await runJava("countercheck.flink.FilesProbe", [join(folder.path, `${seed}`), `${seed}`]);
      // 0.3 to 0.6 by the seed, as restarts and what fails want things anew; without sharing it would be all of it.
      expect(told!.uploadedBytes).toBeLessThan(0.8 * (told!.keptBytes as number));
      expect(told!.whole).toBeGreaterThan(20);
      expect(told!.aborted).toBeGreaterThan(5);
    },
  );
});
