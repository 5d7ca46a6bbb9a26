import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root, TemporaryFolder } from "../support/cli.ts";
import { GrowingShop } from "./growing-shop.ts";

const JOB = join(root, "jobs/migration");
/** The part of the log that is there when the job is turned round: about four days of ten. */
const BEFORE = 0.4;
/** What is called otherwise when the old side, which the shop goes on writing first, is taken for the one that follows. */
const TURNED: Readonly<Record<string, string>> = { stale: "field-differs", "delete-not-propagated": "missing-in-old" };

it("the direction of a migration flips from a savepoint on: rows and versions of verdicts go on", async () => {
  using folder = new TemporaryFolder();
  using shop = await GrowingShop.make(folder.path, 600, ["migration"]);
  shop.config("out");
  shop.growTo(BEFORE);
  const first = shop.follow("out", [], JOB);
  await shop.emits("out", 3);
  await shop.settles("out");
  expect(await shop.ask("stop", "--savepoint", "before", "--config", "out.json")).toMatchObject({ code: 0 });
  await first.ended;

  const turned = join(folder.path, "turned");
  cpSync(JOB, turned, { recursive: true });
  const text = readFileSync(join(JOB, "job.ts"), "utf8");
  writeFileSync(join(turned, "job.ts"), text.replace('direction: "oldToNew"', 'direction: "newToOld"'));
  shop.growTo(1);
  await shop.runToEnd("out", ["--from-savepoint", "before", "--parallelism", "2"], turned);

  const verdicts = await shop.emitted("out");
  const versions = new Map<string, number[]>();
  for (const { key, version } of verdicts) versions.set(key, [...(versions.get(key) ?? []), version]);
  for (const [key, own] of versions) expect(own, key).toEqual(own.map((_, i) => i + 1));
  // Were rows of the first run forgotten, each of them would be missing on one side.
  const failures = verdicts.filter(({ status }) => status === "fail");
  const epochs = new Map(failures.map(({ key, epoch }) => [key, epoch]));
  expect(new Set(epochs.values()).size).toBe(2);
  const faults = shop.truth.faults.filter(({ check }) => check === "account-migration");
  const expected = faults.map(({ key, class: cause }) => {
    return `${key} ${epochs.get(key) === 1 ? cause : (TURNED[cause] ?? cause)}`;
  });
  expect(failures.map(({ key, class: cause }) => `${key} ${cause}`).sort()).toEqual(expected.sort());
});
