import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { bundleJobs } from "../../cli/cluster/bundle.ts";
import { type ChildSpec, sinkNames } from "../../cli/cluster/child-spec.ts";
import { HOOK, noticeOf } from "../../cli/cluster/results.test-helper.ts";
import { writeParcels } from "../../cli/cluster/waiting-results.ts";
import type { Notice } from "../../connectors/desk/records.ts";
import { FrameWriter } from "../../flink/frame-writer.ts";
import { FROM_TASK, FrameSplitter, type TaskPlace, TO_TASK } from "../../flink/frames.ts";
import { writeOwnState } from "../../flink/parts.ts";
import { ended, root, TemporaryFolder } from "../support/cli.ts";

/** What a bundle may have besides this project, all of it JavaScript. */
const PACKAGES = ["avsc", "currency-codes", "first-match", "nodemailer", "nub", "picocolors"];

const table = (name: string) => ({ topic: `shop.${name}` });
const SPEC: ChildSpec = {
  version: 1,
  job: "payment-settlement",
  epoch: 1,
  configFile: "countercheck.json",
  sources: [
    {
      name: "shop",
      kind: "mariadb",
      tables: { payments: table("payments"), refunds: table("refunds"), settlement_lines: table("settlement_lines") },
    },
  ],
  splits: [],
  registry: { schemas: {}, subjects: {} },
  contracts: { verdicts: 1, alerts: 2, "dead-letters": 3, markers: 4 },
  sinks: sinkNames([]),
  retainMs: 86_400_000,
  notify: [],
  certificates: {},
  memoryBytes: 64 << 20,
  allowDroppedState: false,
};

let code: Uint8Array;

beforeAll(async () => {
  code = (await bundleJobs({ paths: [join(root, "jobs/payment-settlement")] }, root)).code;
}, 60_000);

describe("a Node child on the cluster", () => {
  it("has no native package and no client of brokers in its bundle", async () => {
    const entry = join(root, "cli/cluster/child.ts");
    const options = { bundle: true, platform: "node", format: "esm", write: false, metafile: true } as const;
    const { metafile } = await build({ ...options, entryPoints: [entry], outfile: "child.mjs", logLevel: "silent" });
    const packages = Object.keys(metafile.inputs).flatMap(
      (input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? [],
    );
    expect([...new Set(packages)].sort()).toEqual(PACKAGES);
  });

  it("hosts a task for each connection, and ends with the last", async () => {
    using child = new Child(code, SPEC);
    const tasks = [await child.open(0), await child.open(1)];
    for (const task of tasks) {
      task.send(TO_TASK.start);
      await task.until(FROM_TASK.ready);
    }
    tasks[0]!.socket.end();
    await sleep(200);
    expect(child.process.exitCode).toBeNull();
    tasks[1]!.socket.end();
    expect((await child.ended).code).toBe(0);
  });

  it("leaves a profile of all that it did, where the job was submitted so", async () => {
    using folder = new TemporaryFolder();
    using child = new Child(code, { ...SPEC, profile: join(folder.path, "profiles") });
    const task = await child.open(0);
    task.send(TO_TASK.start);
    await task.until(FROM_TASK.ready);
    task.socket.end();
    expect((await child.ended).code).toBe(0);
    const name = `payment-settlement-${child.process.pid}`;
    expect(readdirSync(join(folder.path, "profiles")).sort()).toEqual([`${name}.cpuprofile`, `${name}.svg`]);
    expect(readFileSync(join(folder.path, "profiles", `${name}.svg`), "utf8")).toContain("at work for");
  });

  it("goes on without a profile where there can be none, and says so", async () => {
    const more = `
      import { Session as Inspector } from "node:inspector/promises";
      Inspector.prototype.connect = () => { throw new Error("there is an inspector already"); };`;
    using child = new Child(code, { ...SPEC, profile: "profiles" }, more);
    const task = await child.open(0);
    task.send(TO_TASK.start);
    await task.until(FROM_TASK.ready);
    task.socket.end();
    const { code: exitCode, stderr } = await child.ended;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/warning:.*No profile is taken of this process: there is an inspector already/);
  });

  it("tells Flink what is wrong with what it was given, on the connection of the task", async () => {
    using child = new Child(code, {
      ...SPEC,
      snapshots: {
        hbase: { url: "https://hbase.test", table: "t", auth: { user: "u", password: "${" + "env:NO_SUCH}" } },
      },
    });
    const task = await child.open(1);
    const failed = new ByteReader(await task.until(FROM_TASK.failed));
    expect(failed.text()).toMatch(/NO_SUCH/);
    expect(failed.text()).toMatch(/at .*openHBase/);
    expect((await child.ended).code).toBe(0);
  });

  it("tells Flink what nobody caught, on all connections", async () => {
    using child = new Child(code, SPEC, 'setTimeout(() => { throw new Error("nobody caught it"); }, 1_500);');
    const tasks = [await child.open(0), await child.open(1)];
    for (const task of tasks)
      expect(new ByteReader(await task.until(FROM_TASK.failed)).text()).toBe("nobody caught it");
    expect((await child.ended).code).toBe(0);
  });

  it("writes and tells no secret, whoever would", async () => {
    const more = `
      process.env.REGISTRY_PASSWORD = "hunter2";
      setTimeout(() => {
        for (const write of [console.log, console.error]) write("it is " + process.env.REGISTRY_PASSWORD);
        throw new Error("hunter2 was refused");
      }, 1_500);`;
    const auth = { user: "u", password: "${" + "env:REGISTRY_PASSWORD}" };
    using child = new Child(code, { ...SPEC, registry: { url: "https://registry.test", auth } }, more);
    const task = await child.open(1);
    const failed = new ByteReader(await task.until(FROM_TASK.failed));
    expect([failed.text(), failed.text()]).toEqual(["*** was refused", expect.not.stringContaining("hunter2")]);
    const { stdout, stderr } = await child.ended;
    expect(stdout).toContain("it is ***");
    expect(stderr).toContain("it is ***");
    expect(stdout + stderr).not.toContain("hunter2");
  });

  it("tells in its last moment what is on its way to be told, though who started it has let go of it", async () => {
    const told: string[] = [];
    const server = createServer((request, response) => {
      told.push(String(request.headers["idempotency-key"]));
      setTimeout(() => response.end(), 300);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const to = { ...HOOK.to, url: `http://127.0.0.1:${port}`, secret: "${" + "env:CHILD_HOOK}" } as typeof HOOK.to;
    process.env.CHILD_HOOK = "hush";
    try {
      using child = new Child(code, { ...SPEC, notify: [{ ...HOOK, to }] });
      const task = await child.open(1);
      task.send(TO_TASK.restoreOwn, waiting([noticeOf("n1", "alert"), noticeOf("n2", "alert", "updated")]));
      task.send(TO_TASK.start);
      await task.until(FROM_TASK.ready);
      task.socket.end();
      child.process.stdin!.end();
      expect((await child.ended).code).toBe(0);
      expect(told).toEqual(["n1", "n2"]);
    } finally {
      delete process.env.CHILD_HOOK;
      server.closeAllConnections();
      server.close();
    }
  });

  it("ends with who started it", async () => {
    using child = new Child(code, SPEC);
    await child.open(0);
    child.process.stdin!.end();
    expect((await child.ended).code).toBe(0);
  });
});

/** What a subtask of the second task kept, which was to be told to a sink. */
function waiting(notices: readonly Notice[]): Buffer {
  const results = new ByteWriter();
  writeParcels(results, [{ at: Date.now(), rows: [], notices: [...notices] }]);
  writeParcels(results, []);
  results.text("[]");
  results.uint(0);
  const nothing = new ByteWriter();
  nothing.uint(0);
  const mergers = Array.from({ length: 8 }, () => nothing.bytes());
  const own = new ByteWriter();
  writeOwnState(own, { subtask: 0, parallelism: 1, kept: [], mergers, results: results.bytes(), parts: [] });
  return own.bytes();
}

/** A child in a folder of its own. */
class Child {
  readonly process: ChildProcess;
  readonly ended: ReturnType<typeof ended>;
  readonly #folder = new TemporaryFolder();

  /** `more` is code that runs in it besides. */
  constructor(code: Uint8Array, spec: ChildSpec, more = "") {
    const { path } = this.#folder;
    writeFileSync(join(path, "bundle.mjs"), Buffer.concat([Buffer.from(more), code]));
    writeFileSync(join(path, "child.json"), JSON.stringify(spec));
    const args = [join(path, "bundle.mjs"), join(path, "child.json"), join(path, "socket")];
    this.process = spawn(process.execPath, args, { cwd: path });
    this.ended = ended(this.process);
  }

  /** Opens a task of a job at parallelism 1. */
  async open(task: number): Promise<Connection> {
    const { path } = this.#folder;
    const connection = new Connection(await connected(join(path, "socket")));
    const folder = join(path, `task-${task}`);
    mkdirSync(folder);
    const outputs = task === 0 ? [1, 1, 1] : [];
    const place: TaskPlace = { task, subtask: 0, parallelism: 1, keyGroups: 128, outputs, restores: false, folder };
    connection.send(TO_TASK.open, Buffer.from(JSON.stringify(place)));
    return connection;
  }

  [Symbol.dispose](): void {
    this.process.kill("SIGKILL");
    this.#folder[Symbol.dispose]();
  }
}

/** Flink's end of a connection. */
class Connection {
  readonly socket: Socket;
  readonly #frames: { readonly type: number; readonly payload: Buffer }[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const splitter = new FrameSplitter((type, payload) => this.#frames.push({ type, payload: Buffer.from(payload) }));
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
    socket.on("error", () => socket.destroy());
  }

  send(type: number, payload: Buffer = Buffer.alloc(0)): void {
    const frames = new FrameWriter();
    frames.begin(type).raw(payload, 0, payload.length);
    frames.finish();
    this.socket.write(frames.take());
  }

  /** The payload of the first frame of a type, once it has come. */
  async until(type: number): Promise<Buffer> {
    for (const until = performance.now() + 20_000; performance.now() < until; await sleep(10)) {
      const found = this.#frames.find((frame) => frame.type === type);
      if (found !== undefined) return found.payload;
    }
    throw new Error(`no frame ${type} came, but ${this.#frames.map((frame) => frame.type).join(", ")}`);
  }
}

async function connected(path: string): Promise<Socket> {
  for (const until = performance.now() + 20_000; ; await sleep(20)) {
    const socket = connect(path);
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (isThere) return socket;
    if (performance.now() > until) throw new Error("the child does not listen");
  }
}
