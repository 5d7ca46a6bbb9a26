import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import avro from "avsc";
import { describe, expect, it } from "vitest";
import { FileLogReader } from "../../connectors/file/reader.ts";
import { FileLogWriter } from "../../connectors/file/writer.ts";
import { countercheck, ended, root, startCountercheck, TemporaryFolder } from "../support/cli.ts";
import { breakRecord, layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");
const ORDERS = 600;

describe.concurrent("countercheck run", () => {
  it("runs a job that lies anywhere, with sinks of its own", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    mkdirSync(join(folder.path, "mine"));
    writeFileSync(
      join(folder.path, "mine/job.ts"),
      `import { id, job, model, money, table, type Row } from "countercheck";
       import { testJob } from "countercheck/testing";
       const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });
       if (typeof testJob !== "function") throw new Error("no testing");
       export default job("mine", (env) => env.changes(Refund).asEvents().to("refunds"));`,
    );
    const { code, stderr } = await countercheck(["run", "mine", "--config", "config.json", "--quiet"], {
      cwd: folder.path,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = readFileSync(join(folder.path, "out/sinks/refunds.jsonl"), "utf8").trimEnd().split("\n");
    const [first] = lines.map((line) => JSON.parse(line));
    expect(Object.keys(first)).toEqual(["paymentId", "amount"]);
    expect(first.amount).toEqual({
      minor: expect.stringMatching(/^\d+$/),
      currency: expect.stringMatching(/^[A-Z]{3}$/),
    });
  });

  it("leaves a log that others can read with the contracts beside it, and nothing twice when it is repeated", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, ORDERS);
    const counts = async () => {
      const args = ["run", JOB, "--config", "config.json", "--json", "--history", "history"];
      const { code, stdout } = await countercheck(args, { cwd: folder.path });
      expect(code).toBe(3);
      const history = readFileSync(join(folder.path, "history"), "utf8").trimEnd().split("\n");
      const verdicts = decodedTopic(folder.path, "verdicts");
      expect(verdicts.map((verdict) => `${verdict.key} ${verdict.currency} ${verdict.version}`).sort()).toEqual(
        history
          .map((line) => JSON.parse(line))
          .map((entry) => `${entry.key} ${entry.currency} ${entry.version}`)
          .sort(),
      );
      const scan = ["snapshots", "scan", "--dir", "out", "--limit", "1000", "--json"];
      const snapshots = JSON.parse((await countercheck(scan, { cwd: folder.path })).stdout).rows.length;
      expect(snapshots).toBe(history.length);
      const list = ["alerts", "list", "--dir", "out", "--state", "all", "--limit", "1000", "--json"];
      const { alerts } = JSON.parse((await countercheck(list, { cwd: folder.path })).stdout);
      const steps = decodedTopic(folder.path, "alerts");
      const opened = steps.filter((step) => step.action === "opened");
      const warned = steps.filter((step) => step.action === "warned");
      expect(alerts).toHaveLength(new Set([...opened, ...warned].map((step) => step.id)).size);
      expect(JSON.parse(stdout).alerts.opened).toBe(opened.length);
      return { verdicts: verdicts.length, snapshots, alerts };
    };
    expect(await counts()).toEqual(await counts());
  });

  it("fails on a log without an end; with --follow it waits, heeds decisions, and ends cleanly on Ctrl-C", async () => {
    using folder = new TemporaryFolder();
    const change = breakRecord("maria.shop.payments", 700);
    const truth = await layShopLog(folder.path, ORDERS, { ended: false, change });
    const run = ["run", JOB, "--config", "config.json", "--json"];
    const child = startCountercheck([...run, "--follow"], { cwd: folder.path });
    const result = ended(child);
    const letter = await waitFor(() => openLetter(folder.path));
    const key = await waitFor(() => unobservableKey(folder.path));
    const second = await countercheck(run, { cwd: folder.path });
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error STATE_LOCKED: .* is in use/) });

    const discard = ["dead-letters", "discard", letter.id, "--note", "broken on purpose", "--dir", "out"];
    expect(await countercheck(discard, { cwd: folder.path })).toMatchObject({ code: 0, stderr: "" });
    await waitFor(async () => (await newestStatus(folder.path, key)) !== "unobservable" || undefined);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await result;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ complete: false, deadLetters: { found: 1, open: 0 } });

    const bounded = await countercheck(run, { cwd: folder.path });
    expect(bounded).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error LOG_WITHOUT_END: .*--follow/) });
    new FileLogWriter(join(folder.path, "input")).end(truth.endTime);
    const complete = await countercheck([...run, "--follow"], { cwd: folder.path });
    expect(complete.code).toBe(0);
    expect(JSON.parse(complete.stdout)).toMatchObject({ complete: true, deadLetters: { found: 1, open: 0 } });
  });

  it("says what is wrong with a job", async () => {
    using folder = new TemporaryFolder();
    writeFileSync(join(folder.path, "config.json"), CONFIG_OF_NOTHING);
    let files = 0;
    const say = async (text: string | undefined) => {
      const file = `job-${++files}.ts`;
      if (text !== undefined) writeFileSync(join(folder.path, file), text);
      return countercheck(["run", file, "--config", "config.json"], { cwd: folder.path });
    };
    expect(await say(undefined)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error JOB_NOT_FOUND: /) });
    expect(await say("export const a = 1;")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error JOB_INVALID: /),
    });
    const invalid: [string, string][] = [
      [
        JOB_OF('() => { throw new TypeError("no such thing"); }'),
        "job-\\d.ts is no job that can be run: it threw at job-\\d.ts:\\d+:\\d+: no such thing",
      ],
      [JOB_OF("() => undefined"), "neither a check nor a sink"],
      [JOB_OF('async (env) => { await null; env.changes(M).asEvents().to("s"); }'), "its function is async"],
      ['export default { name: "mine", graph: () => 7 };', "its default export is no job"],
    ];
    for (const [text, says] of invalid) {
      const stderr = expect.stringMatching(new RegExp(`^error JOB_INVALID: .*${says}.*\n$`));
      expect(await say(text)).toMatchObject({ code: 2, stdout: "", stderr });
    }
    const unread: [string, RegExp][] = [
      ["export const a = 1;\nexport default {;", / cannot be loaded at job-\d\.ts:2:17: SyntaxError: /],
      ['export const a = 1;\nthrow new TypeError("no such thing");', / at job-\d\.ts:2:7: TypeError: no such thing\n/],
      ['import { nothing } from "countercheck";', / at job-\d\.ts:1:10: SyntaxError: .* named 'nothing'\n/],
      ["const a = 1;\nconst a = 2;", /has already been declared \(the compiler may know why: /],
    ];
    for (const [text, says] of unread) {
      const { code, stderr } = await say(text);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/^error JOB_NOT_LOADED: /)]);
      expect(stderr).toMatch(says);
    }
    const unbound = `import { id, job, model, table } from "countercheck";
      export default job("j", (env) => env.changes(model("M", { from: table("nowhere", "t"), fields: { a: id() } })).asEvents().to("s"));`;
    expect(await say(unbound)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error SOURCE_UNKNOWN: /) });
  });

  it("says where a function of the job failed, and at which row and record", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    mkdirSync(join(folder.path, "mine"));
    writeFileSync(
      join(folder.path, "mine/rules.ts"),
      `export function isLarge(minor: bigint): boolean {
         throw new RangeError(\`cannot judge \${minor}\`);
       }`,
    );
    writeFileSync(
      join(folder.path, "mine/job.ts"),
      `import { id, job, model, money, table } from "countercheck";
       import { isLarge } from "./rules.ts";
       const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), amount: money() } });
       export default job("mine", (env) =>
         env.changes(Refund).filter(({ amount }) => isLarge(amount!.minor)).asEvents().to("large"));`,
    );
    for (const more of [[], ["--parallelism", "2"]]) {
      const args = ["run", "mine", "--config", "config.json", "--fresh", ...more];
      const { code, stderr } = await countercheck(args, { cwd: folder.path });
      expect(stderr).toMatch(
        /^error JOB_FUNCTION_FAILED: A function of the job failed in \S+ at mine\/rules\.ts:2:16, called for row \d+ of shop\.refunds, while offset \d+ of \S+\/\d+ was read: RangeError: cannot judge \d+$/m,
      );
      expect(code).toBe(1);
    }
    const verbose = ["run", "mine", "--config", "config.json", "--fresh", "--parallelism", "2", "--verbose"];
    const { stderr } = await countercheck(verbose, { cwd: folder.path });
    expect(stderr).toMatch(/\nCaused by: RangeError: .*\n {4}at isLarge \(.*mine\/rules\.ts:2:16\)\n/);
  });

  it("says what it could not write", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    const job = (sink: string) =>
      `import { id, job, model, table } from "countercheck";
       const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id() } });
       export default job("j", (env) => env.changes(Refund).asEvents().to("${sink}"));`;
    for (const sink of ["verdicts", "../escape", "good"]) {
      writeFileSync(join(folder.path, `${sink.replaceAll(/\W/g, "")}.ts`), job(sink));
    }
    const run = (file: string, ...more: string[]) =>
      countercheck(["run", file, "--config", "config.json", ...more], { cwd: folder.path });
    for (const file of ["verdicts.ts", "escape.ts"]) {
      expect(await run(file)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error SINK_NAME_INVALID: /) });
    }
    for (const [option, path] of [
      ["--history", "no/such/folder/history"],
      ["--verdicts", "input"],
    ] as const) {
      const unwritten = await run("good.ts", option, path);
      expect(unwritten).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error FILE_NOT_WRITTEN: /) });
      expect(readdirSync(join(folder.path, "out")), "nothing was run").toEqual([]);
    }
    const within = await run("good.ts", "--history", "out/history", "--quiet");
    expect(within).toMatchObject({ code: 0, stderr: "" });
  });
});

const JOB_OF = (builder: string) => `import { id, job, model, table } from "countercheck";
  const M = model("M", { from: table("shop", "refunds"), fields: { a: id() } });
  export default job("j", ${builder});`;

const CONFIG_OF_NOTHING = JSON.stringify({
  sources: { shop: { kind: "mariadb", log: "log", tables: {} } },
  registry: { folder: "schemas" },
  output: "out",
});

function decodedTopic(dir: string, topic: string): Record<string, unknown>[] {
  const log = join(dir, "out/log");
  const records: Record<string, unknown>[] = [];
  const reader = new FileLogReader(log, topic, 0);
  for (;;) {
    const batch = reader.read(1 << 20);
    if (batch === null || "throughMs" in batch) {
      expect(batch).not.toBeNull();
      reader.close();
      return records;
    }
    for (let i = 0; i < batch.count; i++) {
      const value = Buffer.from(batch.buffer.slice(batch.valueStarts[i]!, batch.valueEnds[i]!));
      const schema = readFileSync(join(log, "schemas", `${value.readUInt32BE(1)}.json`), "utf8");
      const type = avro.Type.forSchema(JSON.parse(schema), { wrapUnions: "never" });
      records.push(type.fromBuffer(value.subarray(5)) as Record<string, unknown>);
    }
  }
}

/** The first record that awaits a decision; undefined too while there is no desk yet. */
async function openLetter(dir: string): Promise<{ readonly id: string } | undefined> {
  const { stdout } = await countercheck(["dead-letters", "list", "--json", "--dir", "out"], { cwd: dir });
  return stdout === "" ? undefined : JSON.parse(stdout)[0];
}

async function unobservableKey(dir: string): Promise<string | undefined> {
  const args = ["snapshots", "scan", "--status", "unobservable", "--json", "--dir", "out"];
  const { stdout } = await countercheck(args, { cwd: dir });
  return stdout === "" ? undefined : JSON.parse(stdout).rows[0]?.key;
}

async function newestStatus(dir: string, key: string): Promise<string> {
  const { stdout } = await countercheck(["snapshots", "get", key, "--json", "--dir", "out"], { cwd: dir });
  return JSON.parse(stdout)[0].status;
}

async function waitFor<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`nothing came of ${look}`);
}
