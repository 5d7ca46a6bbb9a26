import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { caseLogOf } from "./case-log.ts";
import { type Cut, EmbeddedRuns, outcomeOf } from "./embedded.ts";
import { plainly } from "./outcome.ts";
import { conformanceCases, expectedOfAll } from "./table.ts";
import tableJob from "./table-job.ts";

const cuts: readonly Cut[] = [1, 2, 3];

describe("the table of conformance, in this process", () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-conformance-"));
  let runs: EmbeddedRuns;
  beforeAll(async () => {
    const registry = new FolderRegistry(folder);
    const log = await caseLogOf(conformanceCases, (subject, schema) => registry.register(subject, schema));
    runs = new EmbeddedRuns(tableJob, log, registry);
  });
  afterAll(() => {
    runs[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([1, 3])("gives what it says, by %i workers", async (workers) => {
    const { records } = await runs.run(workers);
    expect(plainly(outcomeOf(records))).toEqual(expectedOfAll);
  });

  it.each(cuts.flatMap((cut) => [[1, cut] as const, [3, cut] as const]))(
    "gives the same by %i workers, with a savepoint behind part %i from which others go on",
    async (workers, cut) => {
      const { records, before } = await runs.run(workers, cut, workers === 1 ? 3 : 1);
      expect(plainly(outcomeOf(records))).toEqual(expectedOfAll);
      expect(outcomeOf(records.slice(0, before)).size, "lines before the savepoint").toBeGreaterThan(0);
    },
  );
});
