import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shopConfig } from "../../cli/shop-log.ts";
import { countercheck, root, TemporaryFolder } from "../support/cli.ts";
import { layShopLog } from "../support/shop.ts";

const JOB = join(root, "jobs/payment-settlement");

interface Finding {
  readonly level: string;
  readonly about: string;
  readonly says: string;
  readonly follows?: string;
  readonly remedy?: string;
}

/** Runs the doctor over a configuration that differs from the shop's. */
async function examine(dir: string, change: (config: ReturnType<typeof shopConfig>) => object, env = {}, job = JOB) {
  writeFileSync(join(dir, "config.json"), JSON.stringify(change(shopConfig("input", "out"))));
  const result = await countercheck(["doctor", "--config", "config.json", "--job", job, "--json"], { cwd: dir, env });
  const findings: Finding[] = JSON.parse(result.stdout);
  const bad = findings.filter((finding) => finding.level !== "ok");
  return { ...result, findings, bad: bad.map(textOf) };
}

function textOf({ level, about, says, follows, remedy }: Finding): string {
  return [`${level} ${about}: ${says}`, ...(follows === undefined ? [] : [follows, remedy])].join(" ");
}

describe.concurrent("countercheck doctor", () => {
  it("finds nothing wrong with the shop's log, nor with the job that ships", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    const { code, bad, findings } = await examine(folder.path, (config) => config);
    expect({ code, bad }).toEqual({ code: 0, bad: [] });
    const says = findings.map((finding) => finding.says).join("\n");
    for (const part of ["is valid", "complete through", "heartbeat table", "has all 13 schemas", "can be read from"]) {
      expect(says).toContain(part);
    }
    const { stdout } = await countercheck(["doctor", "--config", "config.json"], { cwd: folder.path });
    expect(stdout).toMatch(/^ok {7}node: Node v/);
  });

  it("explains what follows from a missing heartbeat, an open log, a lost schema and a wrong topic", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100, { ended: false });
    rmSync(join(folder.path, "input/schemas/2.json"));
    const { code, bad } = await examine(folder.path, (config) => {
      const { shop, ledger } = config.sources;
      const { heartbeat: _, ...quiet } = shop;
      const tables = { ...ledger.tables, settlement_lines: { topic: "pg.public.lines" } };
      return { ...config, sources: { shop: quiet, ledger: { ...ledger, tables } } };
    });
    expect(code).toBe(1);
    expect(bad).toEqual([
      expect.stringMatching(/^warning source shop: the log has no end markers and nobody writes it/),
      expect.stringMatching(/^warning source shop: no heartbeat table is bound.*unobservable.*heartbeat.action.query/),
      expect.stringMatching(/^problem source ledger: table settlement_lines: there is no topic pg.public.lines/),
      expect.stringMatching(/^warning source ledger: the log has no end markers/),
      expect.stringMatching(/^problem registry: Schema id 2 is not in the registry/),
      expect.stringMatching(/^warning model SettlementLine: ledger.settlement_lines has no record yet/),
    ]);
  });

  it.each(["config.json", "config.json/below", "/proc/countercheck/out", "dangling/out"])(
    "says that no results can be written to %s",
    async (output) => {
      using folder = new TemporaryFolder();
      await layShopLog(folder.path, 100);
      symlinkSync("nowhere", join(folder.path, "dangling"));
      const { code, bad } = await examine(folder.path, (config) => ({ ...config, output }));
      expect(code).toBe(1);
      expect(bad).toEqual([expect.stringMatching(/^problem output: .* cannot be written \(/)]);
    },
  );

  it("says once that the registry is another one, or is not there", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    mkdirSync(join(folder.path, "empty"));
    const empty = await examine(folder.path, (config) => ({ ...config, registry: { folder: "empty" } }));
    expect(empty.bad).toEqual([expect.stringMatching(/^problem registry: .*empty has none of the 13 schemas/)]);
    const absent = await examine(folder.path, (config) => ({ ...config, registry: { folder: "absent" } }));
    expect(absent.bad).toEqual([expect.stringMatching(/^problem registry: .*the folder does not exist/)]);
    expect([empty.code, absent.code]).toEqual([1, 1]);
  });

  it("knows a heartbeat of the wrong database", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    const { code, bad } = await examine(folder.path, (config) => {
      const { shop, ledger } = config.sources;
      return {
        ...config,
        sources: { shop: { ...shop, heartbeat: ledger.heartbeat }, ledger: { ...ledger, heartbeat: shop.heartbeat } },
      };
    });
    expect(code).toBe(1);
    expect(bad).toEqual([
      expect.stringMatching(/^problem source shop: heartbeat: .*kind/),
      expect.stringMatching(/^problem source ledger: heartbeat: .*kind/),
    ]);
  });

  it("checks the models against the newest schema of their tables", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    writeFileSync(
      join(folder.path, "job.ts"),
      `import { id, instant, job, model, money, table } from "countercheck";
       const A = model("A", { from: table("shop", "payments"), fields: { paymentId: id(), amount: money({ column: "amont" }) } });
       const B = model("B", { from: table("shop", "payments"), fields: { paymentId: id(), at: instant("currency") } });
       const C = model("C", { from: table("shop", "carts"), fields: { paymentId: id() } });
       export default job("j", (env) => {
         for (const m of [A, B, C]) env.changes(m).asEvents().to(m.name);
       });`,
    );
    const { code, bad } = await examine(folder.path, (config) => config, {}, "job.ts");
    expect(code).toBe(1);
    expect(bad).toEqual([
      expect.stringMatching(/^problem model A: .*column amont/),
      expect.stringMatching(/^problem model B: .*instant.*currency.*string/),
      expect.stringMatching(/^problem model C: reads shop.carts, which the configuration does not bind/),
    ]);
  });

  it("reaches a registry with a secret from the environment, and shows the secret nowhere", async () => {
    using folder = new TemporaryFolder();
    await layShopLog(folder.path, 100);
    const secret = "s3cret-of-the-registry";
    const schemas = join(folder.path, "input/schemas");
    const server = await registryOver(schemas, `Basic ${btoa(`me:${secret}`)}`);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const registry = { url, auth: { user: "me", password: "$" + "{env:TEST_SECRET}" } };
    const withRegistry = (config: object) => ({ ...config, registry });
    try {
      const good = await examine(folder.path, withRegistry, { TEST_SECRET: secret });
      expect(good.bad).toEqual([]);
      const wrong = await examine(folder.path, withRegistry, { TEST_SECRET: `${secret}-not` });
      expect(wrong.bad.join()).toContain("problem registry: ");
      const absent = await examine(folder.path, withRegistry);
      expect(absent.bad.join()).toContain("environment variable TEST_SECRET, which is not set");
      for (const { stdout, stderr } of [good, wrong, absent]) expect(stdout + stderr).not.toContain(secret);
    } finally {
      server.close();
    }
  });

  it("names each place of a configuration that is wrong, and repeats no secret", async () => {
    using folder = new TemporaryFolder();
    const { code, bad } = await examine(folder.path, (config) => ({
      ...config,
      sources: { shop: { ...config.sources.shop, kind: "oracle", longestTransaction: "soon", extra: 1 } },
      registry: { url: "http://127.0.0.1", auth: { user: "me", password: "plain-text" } },
      staleAfter: 5,
    }));
    expect(code).toBe(1);
    expect(bad).toHaveLength(1);
    for (const place of [
      "sources.shop.kind: ",
      'sources.shop.longestTransaction: expected a duration such as "10s"',
      'sources.shop: Unrecognized key: "extra"',
      "registry.auth.password: expected a reference such as $" + "{env:SOME_PASSWORD}, never the secret",
      "staleAfter: ",
    ]) {
      expect(bad[0]).toContain(place);
    }
    expect(bad[0]).not.toContain("plain-text");
  });
});

describe("countercheck source new-epoch", () => {
  it("adds the time to the configuration, and leaves the rest of its text as it is", async () => {
    using folder = new TemporaryFolder();
    const file = join(folder.path, "config.json");
    const text = `${JSON.stringify(shopConfig("input", "out"), null, 4)}\n`;
    writeFileSync(file, text);
    const call = (source: string) =>
      countercheck(["source", "new-epoch", source, "--at", "2026-03-05T10:15:00Z", "--config", file], {
        cwd: folder.path,
      });
    expect(await call("shop")).toMatchObject({ code: 0, stderr: "" });
    const edited = readFileSync(file, "utf8");
    expect(edited.replace(/ *"epochs": \["2026-03-05T10:15:00.000Z"\],\n/, "")).toBe(text);
    expect(JSON.parse(edited).sources.shop.epochs).toEqual(["2026-03-05T10:15:00.000Z"]);
    expect((await call("shop")).stdout).toContain("already");
    expect(readFileSync(file, "utf8")).toBe(edited);
    expect(await call("shoop")).toMatchObject({ code: 2, stderr: expect.stringContaining("shop, ledger") });
  });
});

/** A registry over a folder's schemas that wants this authorization. */
async function registryOver(folder: string, authorization: string): Promise<Server> {
  const server = createServer((request, response) => {
    const id = /^\/schemas\/ids\/(\d+)/.exec(request.url ?? "")?.[1];
    if (request.headers.authorization !== authorization) response.writeHead(401).end("{}");
    else if (id === undefined) response.writeHead(404).end("{}");
    else response.end(JSON.stringify({ schema: readFileSync(join(folder, `${id}.json`), "utf8") }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
