import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { buildJava, runJava } from "./maven.ts";

const folder = mkdtempSync(join(tmpdir(), "countercheck-savepoints-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a savepoint is looked at on the cluster, before a job begins from it", { timeout: 240_000 }, async () => {
  buildJava();
  const [own, other, none] = ["own", "other", "none"].map((name) => join(folder, name)) as [string, string, string];
  const said = await runJava("countercheck.flink.SavepointProbe", [
    ...[folder, own, `file://${own}`, other, `!${other}`],
    ...[none, folder, "s3://ours/savepoint-1"],
  ]);
  const cannot = "The savepoint cannot be begun from: ";
  expect(said).toEqual([
    { place: own, said: "" },
    { place: `file://${own}`, said: "" },
    { place: other, said: expect.stringMatching(`^${cannot}it has state of refunds, which the job does not have: `) },
    { place: `!${other}`, said: "" },
    {
      place: none,
      said: expect.stringMatching(`^${cannot}Cannot find checkpoint or savepoint file/directory '${none}'`),
    },
    { place: folder, said: expect.stringMatching(`^${cannot}Cannot find meta data file '_metadata'`) },
    {
      place: "s3://ours/savepoint-1",
      said: expect.stringMatching(`^${cannot}.*: Could not find a file system .* 's3'`),
    },
  ]);
});
