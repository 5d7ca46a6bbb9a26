import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EndMarker, FileLogReader } from "../../connectors/file/reader.ts";
import { TemporaryFolder } from "../support/cli.ts";
import { GrowingShop, JOB } from "./growing-shop.ts";

describe.concurrent("a run that is asked for something", () => {
  it("stops and is gone on with; drained, it is complete, and no deadline fires before its time", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 250);
    for (const name of ["whole", "out", "on"]) shop.config(name);
    shop.growTo(0.5);
    const first = shop.follow("out", ["--parallelism", "2"]);
    await shop.emits("out", 5);
    const stop = await shop.ask("stop", "--config", "out.json");
    expect(stop).toEqual({ code: 0, stdout: "Stopped. The next run goes on from here.\n", stderr: "" });
    expect(await shop.ask("stop", "--config", "out.json")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error RUN_NOT_FOUND: .* Start one with/),
    });
    expect(summaryOf(await first.ended)).toMatchObject({ code: 0, complete: false, resumedFrom: null });

    // It had not read all there was, perhaps; the next one does.
    const second = shop.follow("out", ["--parallelism", "3"]);
    await shop.settles("out");
    const before = await shop.emitted("out");
    const drain = await shop.ask("stop", "--drain", "--savepoint", "drained", "--config", "out.json", "--json");
    expect(JSON.parse(drain.stdout)).toEqual({ stopped: true, drained: true, savepoint: join(folder.path, "drained") });
    expect(summaryOf(await second.ended)).toMatchObject({ code: 0, complete: true, resumedFrom: expect.any(Number) });
    expect(await shop.emitted("out")).toEqual(before);
    expect(isEnded(join(folder.path, "out/log"))).toBe(true);

    // What was drained is complete: the next run begins anew. Its savepoint is gone on from.
    shop.growTo(1);
    const whole = await shop.runToEnd("whole");
    const on = await shop.runToEnd("on", ["--from-savepoint", "drained", "--parallelism", "2"]);
    expect(on.verdicts).toEqual(whole.verdicts);
    expect(on.history).toEqual(whole.history.filter((line) => !before.some((verdict) => isOf(line, verdict))));
    const anew = await shop.runToEnd("out");
    expect(anew.summary).toMatchObject({ resumedFrom: null, previousRun: { state: "complete" } });
    expect(anew.history).toEqual(whole.history);
  });

  it("answers why it cannot, and goes on", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 150);
    const config = ["--config", "out.json"];
    shop.config("out", { state: { checkpointEvery: "10ms" } });
    shop.growTo(0.5);
    const run = shop.follow("out", ["--parallelism", "2"]);
    await shop.emits("out", 0);

    // While checkpoints are under way all the time: two at once, each whole.
    const both = await Promise.all(["one", "nested/two"].map((dir) => shop.ask("savepoint", dir, ...config)));
    expect(both).toEqual([
      { code: 0, stdout: "Savepoint written to one. Everything emitted before it is out.\n", stderr: "" },
      { code: 0, stdout: "Savepoint written to nested/two. Everything emitted before it is out.\n", stderr: "" },
    ]);

    writeFileSync(join(folder.path, "file"), "");
    const refused: [string[], number, RegExp][] = [
      [["savepoint", "one"], 1, /^error SAVEPOINT_EXISTS: .*\/one is there already\./],
      [["savepoint", "file"], 1, /file is there already\./],
      [["savepoint", "file/within"], 1, /^error DISK_FAILED: Could not make .*: .* See to the disk/],
      [["savepoint", "out/state/here"], 2, /^error SAVEPOINT_MISPLACED: .* lies in .*\/out\/state/],
      [["stop", "--savepoint", "one"], 1, /one is there already\./],
      [["stop", "--drain", "--savepoint", "file"], 1, /file is there already\./],
    ];
    for (const [args, code, text] of refused) {
      expect(await shop.ask(...args, ...config)).toMatchObject({
        code,
        stdout: "",
        stderr: expect.stringMatching(text),
      });
    }
    expect(await shop.ask("savepoint", "x", "--config", "none.json")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error CONFIG_NOT_FOUND: /),
    });
    expect(readdirSync(folder.path).filter((name) => /unfinished|^x$/.test(name))).toEqual([]);
    expect(await shop.ask("stop", ...config)).toMatchObject({ code: 0, stderr: "" });
    expect((await run.ended).code).toBe(0);
  });

  it("begins from a whole savepoint of its own job, or changes nothing", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 150);
    shop.config("out");
    shop.growTo(0.5);
    const run = shop.follow("out");
    await shop.emits("out", 0);
    for (const dir of ["flipped", "lost", "whole"]) await shop.ask("savepoint", dir, "--config", "out.json");
    await shop.ask("stop", "--config", "out.json");
    await run.ended;
    const state = readFileSync(join(folder.path, "out/state/run.json"), "utf8");
    const before = await shop.emitted("out");
    const segment = (dir: string) => {
      const name = readdirSync(join(folder.path, dir)).find((file) => file.endsWith(".seg"))!;
      return join(folder.path, dir, name);
    };
    const bytes = readFileSync(segment("flipped"));
    bytes[bytes.length >> 1]! ^= 4;
    writeFileSync(segment("flipped"), bytes);
    rmSync(segment("lost"));
    const other = join(folder.path, "other.ts");
    writeFileSync(
      other,
      `import { id, job, model, table } from "countercheck";
       const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id() } });
       export default job("other", (env) => env.changes(Payment).asEvents().to("payments"));`,
    );
    const refused: [string, string[], number, RegExp][] = [
      [JOB, ["--from-savepoint", "none"], 2, /^error SAVEPOINT_NOT_FOUND: There is no savepoint in .*\/none\./],
      [JOB, ["--from-savepoint", "flipped"], 1, /^error CHECKPOINT_DAMAGED: .*flipped.*: its checksum is wrong/],
      [JOB, ["--from-savepoint", "lost"], 1, /^error CHECKPOINT_DAMAGED: .*lost.*: it is missing/],
      [
        other,
        ["--from-savepoint", "whole"],
        1,
        /^error SAVEPOINT_OF_OTHER_JOB: .* of job payment-settlement, and this is other/,
      ],
      [other, [], 1, /^error STATE_OF_OTHER_JOB: /],
      [JOB, ["--from-savepoint", "lost", "--fresh"], 2, /cannot be used with option '--fresh'/],
      [JOB, ["--parallelism", "129"], 2, /--parallelism/],
    ];
    for (const [job, args, code, text] of refused) {
      const result = await shop.ask("run", job, "--config", "out.json", ...args);
      expect(result, args.join(" ")).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(text) });
    }
    expect(readFileSync(join(folder.path, "out/state/run.json"), "utf8")).toBe(state);
    expect(existsSync(join(folder.path, "none"))).toBe(false);

    // A run that died before it had its savepoint: the next one begins from that, and from nothing else.
    const { epoch, attempt, ...rest } = JSON.parse(state);
    const died = { ...rest, epoch: epoch + 1, attempt: attempt + 1, savepoint: join(folder.path, "whole") };
    writeFileSync(join(folder.path, "out/state/run.json"), JSON.stringify(died));
    for (const name of readdirSync(join(folder.path, "out/state")))
      if (name.startsWith("checkpoint-")) rmSync(join(folder.path, "out/state", name));
    const next = await shop.ask("run", JOB, "--config", "out.json");
    expect(next).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error LOG_WITHOUT_END/) });
    const now = JSON.parse(readFileSync(join(folder.path, "out/state/run.json"), "utf8"));
    expect(now).toEqual({ ...rest, epoch: epoch + 2, attempt: attempt + 2 });
    expect((await shop.emitted("out")).slice(0, before.length)).toEqual(before);
  });
});

function summaryOf({ code, stdout }: { readonly code: number | null; readonly stdout: string }) {
  return { code, ...JSON.parse(stdout) };
}

function isOf(line: string, verdict: { readonly key: string; readonly currency: string; readonly version: number }) {
  const { key, currency, version } = JSON.parse(line);
  return key === verdict.key && currency === verdict.currency && version === verdict.version;
}

/** True where a log of results has its end markers. */
function isEnded(dir: string): boolean {
  const reader = new FileLogReader(dir, "markers", 0);
  try {
    for (;;) {
      const records = reader.read(1 << 20);
      if (records === null || records instanceof EndMarker) return records !== null;
    }
  } finally {
    reader.close();
  }
}
