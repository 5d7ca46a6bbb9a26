import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { countercheck, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const SINK_JOB = `import { id, job, model, table } from "countercheck";
  const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id() } });
  export default job("j", (env) => env.changes(Refund).asEvents().to("refunds"));`;

describe.concurrent("how a bounded run ends", () => {
  it("is 3 while records cannot be used, and 0 once they can: their dead letters are settled", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 200);
    writeFileSync(join(folder.path, "job.ts"), SINK_JOB);
    const call = (...args: string[]) => countercheck(args, { cwd: folder.path });
    const run = (...more: string[]) => call("run", "job.ts", "--config", "config.json", "--quiet", ...more);
    const letters = async () =>
      JSON.parse((await call("dead-letters", "list", "--state", "all", "--json", "--dir", "out")).stdout);

    const schemas = join(folder.path, "input/schemas");
    const subjects = JSON.parse(readFileSync(join(schemas, "subjects.json"), "utf8"));
    const schema = join(schemas, `${subjects["maria.shop.refunds-value"][0].id}.json`);
    renameSync(schema, `${schema}.gone`);
    const without = await run("--json");
    const { outcome, deadLetters } = JSON.parse(without.stdout);
    expect(without.code).toBe(3);
    expect(deadLetters.open).toBeGreaterThan(0);
    expect(outcome).toEqual({
      discrepancies: false,
      unobservable: 0,
      suspendedChecks: [],
      openDeadLetters: deadLetters.found,
    });
    const again = await run();
    expect(again.code).toBe(3);
    expect(again.stdout).toContain(`Not all is well: ${deadLetters.found} dead letters of this run are to be decided.`);

    renameSync(`${schema}.gone`, schema);
    const mended = await run();
    expect(mended.code).toBe(0);
    expect(mended.stdout).toMatch(/^Dead letters +0 in this run, 0 to be decided$/m);
    expect(mended.stdout).not.toContain("Not all is well");
    expect(new Set((await letters()).map((letter: { state: string }) => letter.state))).toEqual(new Set(["read"]));
  });
});
