import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import { countercheck, TemporaryFolder } from "../support/cli.ts";
import { InventedTable } from "../support/debezium-harness.ts";

const JOB = `import { id, job, model, money, table } from "countercheck";
const Payment = model("Payment", {
  from: table("shop", "payments", { before: "full" }),
  fields: { paymentId: id("payment_id"), amount: money({ currency: "EUR", minorUnits: true }) },
});
export default job("payments", (env) => {
  env.unique("once", { of: env.changes(Payment), by: "paymentId", money: "amount" });
});`;

/** A row is in two snapshots; behind the second, payment 2 comes twice. */
async function layLog(dir: string): Promise<void> {
  const registry = new FolderRegistry(join(dir, "schemas"));
  const payments = new InventedTable(registry, "payments", { id: "int", payment_id: "string", amount: "long" });
  const row = (id: number, payment: string) => ({ id, payment_id: payment, amount: 500n });
  const log = [
    await payments.message("r", row(1, "1"), 1_000, { pos: 10 }),
    await payments.message("r", row(1, "1"), 2_000, { pos: 20 }),
    await payments.message("c", row(2, "2"), 3_000),
    await payments.message("c", row(3, "2"), 4_000),
  ];
  const writer = new FileLogWriter(dir);
  writer.createTopic("payments", 1);
  for (const { key, value } of log) writer.append("payments", 0, { key, value, timestamp: 0 });
  writer.flush();
  writer.end(10_000_000);
  writer.close();
}

it("a snapshot that is begun anew suspends what reads a table `before: full`, until its checks are resumed", async () => {
  using folder = new TemporaryFolder();
  const cwd = folder.path;
  await layLog(join(cwd, "log"));
  const shop = { kind: "mariadb", log: "log", tables: { payments: { topic: "payments" } } };
  const config = { sources: { shop }, registry: { folder: "log/schemas" }, output: "out" };
  writeFileSync(join(cwd, "config.json"), JSON.stringify(config));
  writeFileSync(join(cwd, "job.ts"), JOB);
  const run = async () => {
    const args = ["run", "job.ts", "--config", "config.json", "--json", "--quiet", "--verdicts", "verdicts"];
    const { code, stdout, stderr } = await countercheck(args, { cwd });
    if (stdout === "") throw new Error(stderr);
    const verdicts = readFileSync(join(cwd, "verdicts"), "utf8").trimEnd().split("\n");
    const ofPayment2 = verdicts.map((line) => JSON.parse(line)).filter(({ key }) => key === "'2");
    return { code, ...JSON.parse(stdout), statuses: ofPayment2.map(({ status }) => status) };
  };
  const resume = (what: string) =>
    countercheck(["checks", "resume", what, "--note", "nothing was missed", "--dir", "out", "--json"], { cwd });

  const first = await run();
  const id = "payments/0/1/Payment";
  expect(first).toMatchObject({
    code: 3,
    suspensions: [{ id, cause: "snapshot", checks: [{ check: "once", state: "open" }] }],
    engineAlerts: [{ code: "CHECKS_SUSPENDED" }],
    statuses: ["unobservable"],
  });
  const unknown = await resume("twice");
  expect(unknown.stderr).toContain("suspended now: once");
  const resumed = await resume(id);
  expect({ ...resumed, stdout: JSON.parse(resumed.stdout) }).toMatchObject({
    code: 0,
    stdout: { resumed: 1, stillSuspended: [] },
  });
  // It reads the whole log again, and meets the snapshot again.
  expect(await run()).toMatchObject({ suspensions: [], engineAlerts: [], statuses: ["fail"] });
}, 120_000);
