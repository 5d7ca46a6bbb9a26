import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { startJava } from "./java-program.ts";
import { buildJava } from "./maven.ts";

const folder = new TemporaryFolder();

beforeAll(() => buildJava());

afterAll(() => folder[Symbol.dispose]());

it("what a TaskManager leaves that was killed is removed by the next; what living ones use stays", async () => {
  const [used, unused, recent] = ["used", "unused", "recent"].map((name) => {
    const home = join(folder.path, `countercheck-home-${hashCode(userInfo().username).toString(16)}-${name}`);
    mkdirSync(home);
    writeFileSync(join(home, "bundle.mjs"), "");
    return home;
  }) as [string, string, string];
  const begin = async (...homes: string[]) => {
    const java = startJava("countercheck.flink.FolderProbe", [folder.path, ...homes]);
    const { folder: path } = await java.ask<{ folder: string }>();
    writeFileSync(join(path, "state"), "of a task");
    return { java, path };
  };
  const killed = await begin(unused);
  const living = await begin(used);
  await killed.java.kill();
  for (const path of [killed.path, living.path]) age(path, 2);
  for (const path of [used, unused]) age(path, 2 * 24 * 60);

  const next = await begin(recent);
  const is = [killed.path, living.path, next.path, used, unused, recent].map(existsSync);
  expect(is, next.java.log()).toEqual([false, true, true, true, false, true]);
  for (const { java } of [living, next]) await java.close();
  expect([living.path, next.path].map(existsSync)).toEqual([false, false]);
}, 120_000);

/** Java's, of a text; folders of several users have different names. */
function hashCode(text: string): number {
  return [...text].reduce((hash, char) => (Math.imul(31, hash) + char.charCodeAt(0)) | 0, 0) >>> 0;
}

function age(path: string, minutes: number): void {
  const then = new Date(Date.now() - minutes * 60_000);
  utimesSync(path, then, then);
}
