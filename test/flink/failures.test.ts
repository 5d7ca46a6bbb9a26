import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { logOf } from "../../stack/process.ts";
import { membersOf } from "../../stack/services.ts";
import type { Stack } from "../../stack/stack.ts";
import { FedTopics } from "./fed-topics.ts";
import { FlinkJobs } from "./flink-jobs.ts";
import { startFlinkStack } from "./flink-stack.ts";
import { shopParts } from "./shop-parts.ts";

const RULES = `export function isLarge(minor: bigint): boolean {
  throw new RangeError(\`cannot judge \${minor}\`);
}`;

/** A job that asks the rules for each refund. */
const jobOf = (name: string, asking: string) => `import { id, job, model, money, table } from "countercheck";
import { isLarge } from "./rules.ts";

const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });
export default job("${name}", (env) => {
  env.changes(Refund)${asking}.to("large");
});
`;

describe("a function of a job that throws on Flink", { timeout: 5 * 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "countercheck-failures-"));
  const registry = new FolderRegistry(join(folder, "schemas"));
  let stack: Stack;
  let jobs: FlinkJobs;

  beforeAll(async () => {
    stack = await startFlinkStack("flink");
    jobs = new FlinkJobs(stack.flink);
  });

  afterAll(async () => {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Why a job fails, as `jobs describe` tells it. */
  async function failureOf(name: string, asking: string): Promise<string> {
    const own = join(folder, name);
    mkdirSync(own);
    writeFileSync(join(own, "rules.ts"), RULES);
    writeFileSync(join(own, "job.ts"), jobOf(name, asking));
    const log = await shopParts(7, 60, 1, registry);
    const topics = await FedTopics.make({ log, brokers: stack.kafka.brokers, name: `of-${name}`, folder });
    try {
      await jobs.submitJob({ jobs: [own], config: topics.config, parallelism: 1 });
      await topics.write(0);
      for (const until = Date.now() + 60_000; Date.now() < until; await sleep(500)) {
        const [failure] = (await jobs.describe(name)).failures;
        if (failure !== undefined) return failure.reason;
      }
      throw new Error(await jobs.tell(name));
    } finally {
      await jobs.cancel(name).catch(() => undefined);
      await topics.remove();
    }
  }

  it("is told with its place, the row, the record, and the author's part of the stack, in the log too", async () => {
    const reason = await failureOf("filtered", ".filter(({ amount }) => isLarge(amount!.minor)).asEvents()");
    expect(reason).toMatch(
      /: A function of the job failed in \S+ at \S*filtered\/rules\.ts:2:9, called for row \d+ of shop\.refunds, while offset \d+ of \S+\/\d+ was read: RangeError: cannot judge \d+\n {4}at isLarge \(\S*filtered\/rules\.ts:2:9\)\n {4}at \S+ \(\S*filtered\/job\.ts:6:\d+\)$/,
    );
    const logs = membersOf("flink").map((member) => readFileSync(logOf(stack.folder, member), "utf8"));
    expect(logs.join("\n")).toMatch(/\n {4}at isLarge \(job:\S*filtered\/rules\.ts:2:9\)\n/);
  });
});
