import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { type Beginning, openState } from "./run-state.ts";

/** Opens the state in a folder as a process does that runs the job, and ends; `atLast` is out by when the folder is taken. */
async function run(
  dir: string,
  out: Beginning | undefined,
  { fresh = false, atLast = out, onTake = () => {} } = {},
): Promise<Beginning> {
  const { folder, lock } = await openState({
    dir,
    job: "settlement",
    fresh,
    requireUsable: () => undefined,
    peekOut: async () => out,
    lastOut: async () => {
      onTake();
      return atLast;
    },
  });
  lock.release();
  return folder.run;
}

function stateFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "countercheck-run-state-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

it("refuses to go on with a run that a newer one has taken over from elsewhere", async () => {
  const dir = stateFolder();
  const first = await run(dir, undefined);
  expect(await run(dir, first)).toMatchObject({ epoch: 1, attempt: 2 });

  const taken = vi.fn();
  const elsewhere = { epoch: 2, attempt: 3 };
  const refused = { code: "RESULTS_OF_NEWER_RUN", details: { dir, epoch: 1, newer: 2 } };
  await expect(run(dir, elsewhere, { onTake: taken })).rejects.toMatchObject(refused);
  await expect(run(dir, elsewhere, { onTake: taken })).rejects.toMatchObject(refused);
  expect(taken, "results are not taken from the newer run").not.toHaveBeenCalled();

  expect(await run(dir, elsewhere, { fresh: true })).toMatchObject({ epoch: 3, attempt: 4 });
});

it("goes on from an older copy of its folder with an attempt above all that is out", async () => {
  const dir = stateFolder();
  await run(dir, undefined);
  expect(await run(dir, { epoch: 1, attempt: 9 })).toMatchObject({ epoch: 1, attempt: 10 });
});

it("heeds what another run brought out in the last moment", async () => {
  const dir = stateFolder();
  await run(dir, undefined);
  expect(await run(dir, undefined, { atLast: { epoch: 1, attempt: 5 } })).toMatchObject({ epoch: 1, attempt: 6 });

  const anew = await run(dir, undefined, { fresh: true, atLast: { epoch: 4, attempt: 9 } });
  expect(anew).toMatchObject({ epoch: 5, attempt: 10 });

  const late = run(dir, undefined, { atLast: { epoch: 6, attempt: 11 } });
  await expect(late).rejects.toMatchObject({ code: "RESULTS_OF_NEWER_RUN" });
  const lost = run(stateFolder(), undefined, { atLast: { epoch: 1, attempt: 1 } });
  await expect(lost).rejects.toMatchObject({ code: "CHECKPOINTS_DAMAGED" });
});
