import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputPaths } from "../../cli/outputs.ts";
import { decodeVerdict } from "../../schemas/contracts.ts";
import { SqliteSnapshotStore } from "../../snapshots/sqlite-snapshot-store.ts";
import { type CliResult, countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { HookListener } from "../support/hook-listener.ts";
import { breakRecord, layShopLog } from "../support/shop.ts";

const DEPARTMENTS = ["payment-settlement", "refunds", "migration", "manual-changes"];
const JOBS = DEPARTMENTS.map((job) => join(root, "jobs", job));

/** Fields nobody may see: of evidence, of notes that tell differences and writes, and of a record that cannot be used. */
const FIELDS = {
  "shop.accounts": ["OldAccount.ownerName"],
  "ledger.accounts_v2": ["NewAccount.ownerName"],
  "shop.charge_refunds": ["RefundRequest.channelReference", "RefundRequest.channelId"],
  "shop.credit_limits": ["CreditLimit.account"],
  "ledger.ledger_entries": ["LedgerEntry.account"],
  "shop.limits_context": ["LimitsContext.who", "LimitsContext.why"],
  "ledger.ledger_context": ["LedgerContext.who", "LedgerContext.why"],
};

/** Secrets, by the environment; those of files are named so too. */
const SECRETS = {
  HOOK_SECRET: "hook-secret-0a1b2c",
  DEAF_SECRET: "deaf-secret-3d4e5f",
  MAIL_PASSWORD: "mail-password-6a7b8c",
  REDIS_PASSWORD: "redis-password-9d0e1f",
  SQL_PASSWORD: "sql-password-2a3b4c",
  SLACK_TOKEN: "slack-token-5d6e7f",
  MASK_KEY: "mask-key-8a9b0c",
};

const reference = (name: string) => `$${`{env:${name}}`}`;
const BROKEN = "maria.shop.charge_refunds";

describe("fields nobody may see, and secrets", () => {
  const folder = new TemporaryFolder();
  const at = (path: string) => join(folder.path, path);
  let hook: HookListener;
  let deaf: HookListener;
  let mail: SMTPServer;
  let hidden: string[];
  let ran: CliResult;

  beforeAll(async () => {
    await layShopLog(folder.path, 300, { departments: DEPARTMENTS, change: breakRecord(BROKEN, 4) });
    hook = await HookListener.open();
    deaf = await HookListener.open();
    // What it says of what it does not take has what it was told in confidence.
    deaf.answer = ({ headers }) =>
      "idempotency-key" in headers
        ? { status: 500, text: `signed with ${SECRETS.DEAF_SECRET}` }
        : { status: 403, text: `Cannot POST /hook/${SECRETS.SLACK_TOKEN}` };
    mail = await mailServer();
    const plain = JSON.parse(readFileSync(at("config.json"), "utf8"));
    writeFileSync(at("plain.json"), JSON.stringify({ ...plain, output: "plain" }));
    writeFileSync(at("redis"), `redis://countercheck:${SECRETS.REDIS_PASSWORD}@127.0.0.1:1/0\n`);
    writeFileSync(at("config.json"), JSON.stringify(masking(plain)));
    const env = {
      ...SECRETS,
      LEDGER_URL: `postgres://reader:${SECRETS.SQL_PASSWORD}@127.0.0.1:1/ledger`,
      SLACK_URL: `${deaf.url}/${SECRETS.SLACK_TOKEN}`,
    };
    const run = (...args: string[]) => countercheck(["run", ...JOBS, ...args], { cwd: folder.path, env });
    [ran] = await Promise.all([run("--config", "config.json", "--json"), run("--config", "plain.json", "--quiet")]);
    hidden = valuesOf(outputPaths.snapshots(at("plain")));
  });
  afterAll(async () => {
    await new Promise<void>((resolve) => mail.close(resolve));
    for (const listener of [hook, deaf]) await listener[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it("are in nothing that a run leaves, while one that hides nothing has the fields in all of it", () => {
    expect({ code: ran.code, told: JSON.parse(ran.stdout).notifications }).toMatchObject({
      code: 3,
      told: { sent: expect.any(Number), "given-up": expect.any(Number), held: expect.any(Number) },
    });
    expect(hidden.length).toBeGreaterThan(40);
    for (const path of ["desk.db", "snapshots.db", "log/verdicts/0.log", "log/alerts/0.log", "log/dead-letters/0.log"])
      expect(foundIn(readFileSync(join(at("plain"), path))), path).not.toEqual([]);
    const leaks = filesOf(at("out"))
      .filter((path) => !path.startsWith(at("out/state")))
      .map((path) => [relative(at("out"), path), foundIn(readFileSync(path))]);
    expect(leaks.filter(([, found]) => found!.length > 0)).toEqual([]);
    expect(foundIn(ran.stdout + ran.stderr)).toEqual([]);
  });

  it("are in nothing that anybody is told", () => {
    expect(hook.calls.length).toBeGreaterThan(20);
    expect(deaf.calls.length).toBeGreaterThan(0);
    const told = [...hook.calls, ...deaf.calls].map((call) => JSON.stringify(call)).join("\n");
    expect(foundIn(told)).toEqual([]);
    expect(told).toContain("•••");
  });

  it("are in nothing that the commands show, not even where a server told them in its answer", async () => {
    const { notifications } = await json("notifications", "list", "--limit", "1000");
    const notes = notifications.flatMap(({ note }: { note: string | null }) => note ?? []).join("\n");
    for (const says of [
      /status 500, signed with \*\*\*/,
      /status 403, Cannot POST \*\*\*/,
      /not with \*\*\*/,
      /not confirmed: /,
    ])
      expect(notes).toMatch(says);
    const { alerts } = await json("alerts", "list", "--state", "all", "--limit", "1000");
    for (const check of ["account-migration", "ledger-changes"]) {
      const { id, key } = alerts.find((alert: { check: string }) => alert.check === check);
      await call("alerts", "show", id, "--json");
      await call("alerts", "history", id);
      await call("snapshots", "get", key, "--json");
      await call("snapshots", "get", key);
    }
    const [letter] = await json("dead-letters", "list");
    expect(letter).toMatchObject({ code: "AVRO_CORRUPT", valueBytes: null });
  });

  /** Runs a command, which must show none of it. */
  async function call(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await countercheck([...args, "--dir", "out"], { cwd: folder.path });
    expect({ code, found: foundIn(stdout + stderr) }, args.join(" ")).toEqual({ code: 0, found: [] });
    return stdout;
  }

  async function json(...args: string[]) {
    return JSON.parse(await call(...args, "--json"));
  }

  /** What of it is in a text or in bytes. */
  function foundIn(where: string | Buffer): string[] {
    return [...hidden, ...Object.values(SECRETS)].filter((value) => where.includes(value));
  }

  function masking(plain: { readonly sources: { readonly ledger: object } }): object {
    const { port } = mail.server.address() as AddressInfo;
    const auth = { user: "countercheck", password: reference("MAIL_PASSWORD") };
    const people = { from: "countercheck@example.com", to: ["ops@example.com"] };
    return {
      ...plain,
      sources: { ...plain.sources, ledger: { ...plain.sources.ledger, database: { url: reference("LEDGER_URL") } } },
      mask: { fields: Object.values(FIELDS).flat(), key: reference("MASK_KEY") },
      redis: { url: `$${`{file:${at("redis")}}`}` },
      reread: {
        "payment-settlement": {
          patience: "500ms",
          timeout: "500ms",
          wrong: { sql: { source: "ledger", query: "SELECT true AS wrong WHERE $1 = $1" } },
        },
      },
      notify: {
        ops: { webhook: { url: hook.url, secret: reference("HOOK_SECRET") }, storm: { moreThan: 10_000 } },
        deaf: { webhook: { url: deaf.url, secret: reference("DEAF_SECRET") }, giveUpAfter: "1s" },
        chat: { slack: { url: reference("SLACK_URL") } },
        mail: { email: { host: "127.0.0.1", port, security: "none", auth, ...people } },
      },
    };
  }
});

/** One that says which password it does not take. */
async function mailServer(): Promise<SMTPServer> {
  const server = new SMTPServer({
    authMethods: ["PLAIN"],
    disabledCommands: ["STARTTLS"],
    onAuth: ({ password }, _session, done) => done(new Error(`not with ${password}`)),
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** The values of the fields, as a run that masks nothing has them in its evidence. */
function valuesOf(snapshots: string): string[] {
  const store = new SqliteSnapshotStore(snapshots);
  const values = new Set<string>();
  for (const { verdict } of store.scan({ limit: 1_000 }).rows)
    for (const { source, table, fields } of decodeVerdict(verdict).contributions)
      for (const path of FIELDS[`${source}.${table}` as keyof typeof FIELDS] ?? []) {
        const value = fields[path.split(".")[1]!];
        if (value !== undefined && value.length > 3) values.add(value);
      }
  store.close();
  return [...values];
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}
