import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Beginning, openState } from "./run-state.ts";

/** Opens the state in a folder as a process does that runs the job, and ends. */
async function run(dir: string, lastOut: Beginning | undefined, fresh = false): Promise<Beginning> {
  const request = { dir, job: "settlement", fresh, requireUsable: () => undefined, lastOut: async () => lastOut };
  const { folder, lock } = await openState(request);
  lock.release();
  return folder.run;
}

it("refuses to go on with a run that a newer one has taken over from elsewhere", async () => {
  const dir = mkdtempSync(join(tmpdir(), "countercheck-run-state-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const first = await run(dir, undefined);
  expect(await run(dir, first)).toMatchObject({ epoch: 1, attempt: 2 });

  const elsewhere = { epoch: 2, attempt: 3 };
  const refused = { code: "RESULTS_OF_NEWER_RUN", details: { dir, epoch: 1, newer: 2 } };
  await expect(run(dir, elsewhere)).rejects.toMatchObject(refused);
  await expect(run(dir, elsewhere)).rejects.toMatchObject(refused);

  expect(await run(dir, elsewhere, true)).toMatchObject({ epoch: 3, attempt: 4 });
});
