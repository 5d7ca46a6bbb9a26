import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");
const RUN = ["run", JOB, "--config", "config.json", "--json"];

describe.concurrent("countercheck run --profile", () => {
  it.each([
    { workers: "1", threads: ["worker-0"] },
    { workers: "2", threads: ["coordinator", "worker-0", "worker-1"] },
  ])("writes a profile and a flame graph of each thread, with $workers workers", async ({ workers, threads }) => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 300);
    const { code, stderr } = await countercheck([...RUN, "--profile", "--parallelism", workers], { cwd: folder.path });
    expect(code).toBe(3);
    expect(stderr).toContain(`Profiles of the threads are in ${join("out", "profile")}`);
    const profiles = join(folder.path, "out/profile");
    const files = threads.flatMap((name) => [`${name}.cpuprofile`, `${name}.svg`]);
    expect(readdirSync(profiles).sort()).toEqual(files);
    for (const name of threads.filter((thread) => thread.startsWith("worker"))) {
      const profile = readFileSync(join(profiles, `${name}.cpuprofile`), "utf8");
      expect(JSON.parse(profile).samples.length).toBeGreaterThan(10);
      // What a worker does all the time is in both.
      expect(profile).toContain("source-loop.ts");
      expect(readFileSync(join(profiles, `${name}.svg`), "utf8")).toContain("source-loop.ts");
    }
  });

  it("is what one asks for", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    const { stderr } = await countercheck(RUN, { cwd: folder.path });
    expect(stderr).not.toContain("Profiles");
    expect(existsSync(join(folder.path, "out/profile"))).toBe(false);
  });
});
