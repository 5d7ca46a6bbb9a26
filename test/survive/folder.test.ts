import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeManifest } from "../../runtime/checkpoint/checkpoint-store.ts";
import type { Manifest } from "../../runtime/checkpoint/manifest.ts";
import { engineAlertsIn, everythingIn } from "./results.ts";
import { type Attempt, Shop, Survivor, TIMEOUT, type Undisturbed } from "./survivor.ts";

let shop: Shop;
let undisturbed: Undisturbed;

beforeAll(async () => {
  shop = await Shop.lay(600);
  undisturbed = await shop.undisturbed(1);
}, TIMEOUT);
afterAll(() => shop[Symbol.dispose]());

/** Ways in which the newest checkpoint can be damaged, with the one before left as it was. */
const DAMAGE: Readonly<Record<string, (run: Survivor) => void>> = {
  "a bit of its manifest": (run) => flip(newest(run).path, 500),
  "the end of its manifest": (run) => truncateSync(newest(run).path, 700),
  "its manifest, which is empty": (run) => truncateSync(newest(run).path, 0),
  "a bit of its outbox": (run) => flip(newest(run).outbox, 20),
  "the end of its outbox": (run) => truncateSync(newest(run).outbox, 10),
  "its outbox, which is gone": (run) => rmSync(newest(run).outbox),
  "a bit of its state": (run) => {
    const { path, from } = newState(run);
    flip(path, from + 30);
  },
  "the end of its state": (run) => {
    const { path, from } = newState(run);
    truncateSync(path, from + 30);
  },
};

describe.concurrent("a damaged checkpoint", { timeout: TIMEOUT }, () => {
  it("is told of, and the one before is gone on from", async () => {
    using run = new Survivor(shop);
    const ways = Object.keys(DAMAGE);
    for (const [index, way] of ways.entries()) {
      // Before or after its outbox was sent.
      const point = index % 2 === 0 ? "pruned" : "checkpoint-renamed";
      await run.start({ parallelism: 1 + (index % 3), crashAt: [point, 3] }).died();
      DAMAGE[way]!(run);
    }
    const [damaged] = manifests(run);
    const summary = await run.start({ parallelism: 2 }).complete();
    expect(summary.resumedFrom).toBe(damaged!.number - 1);
    const { desk, ...results } = await run.results(summary);
    const { desk: expected, ...others } = undisturbed.results;
    expect(results).toEqual(others);
    expect(withoutDamage(desk)).toEqual(expected);
    expect(engineAlertsIn(run.at()).filter((code) => code === "CHECKPOINT_DAMAGED")).toHaveLength(ways.length);
  });

  it("with none before it that is whole is an error that changes nothing", async () => {
    using died = new Survivor(shop);
    await died.start({ parallelism: 1, crashAt: ["pruned", 4] }).died();
    removeUnnamedSegments(died);
    for (const what of ["manifest", "outbox", "segments", "all files"] as const) {
      using run = died.copy();
      const state = readdirSync(run.at("out/state"));
      const files = {
        manifest: state.filter((name) => /^checkpoint-.*json$/.test(name)),
        outbox: state.filter((name) => /^checkpoint-.*outbox$/.test(name)),
        segments: readdirSync(run.at("out/state/segments")).map((name) => join("segments", name)),
      };
      if (what === "all files") {
        for (const name of [...files.manifest, ...files.outbox, ...files.segments]) rmSync(run.at("out/state", name));
      } else for (const name of files[what]) flip(run.at("out/state", name), 40);
      const before = everythingIn(run.at());
      expect(before.snapshots, "something is out").not.toEqual([]);
      expect(await run.start({ parallelism: 1 }).ended).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringMatching(/^error CHECKPOINTS_DAMAGED: .*--fresh/m),
      });
      expect(everythingIn(run.at()), what).toEqual(before);
    }
  });
});

describe.concurrent("a state folder", { timeout: TIMEOUT }, () => {
  it("belongs to one process: another is refused, and disturbs nothing", async () => {
    using run = new Survivor(shop);
    const first = run.start({ parallelism: 1 });
    await checkpoints(run, first, 2);
    const second = await run.start({ parallelism: 1 }).ended;
    expect(second).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^error STATE_LOCKED: /m) });
    expect(await run.results(await first.complete())).toEqual(undisturbed.results);
  });

  it.each([1, 2])("that was taken over gets nothing more from who had it before (parallelism %i)", async (n) => {
    using run = new Survivor(shop);
    const first = run.start({ parallelism: n });
    await checkpoints(run, first, 2);
    const file = run.at("out/state/run.json");
    const taken = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(`${file}.taken`, JSON.stringify({ ...taken, attempt: taken.attempt + 1 }));
    renameSync(`${file}.taken`, file);
    const { code, stderr } = await first.ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^error FENCED: /m) });
    const summary = await run.start({ parallelism: n }).complete();
    expect(await run.results(summary)).toEqual(undisturbed.results);
  });
});

describe.concurrent("Ctrl-C", { timeout: TIMEOUT }, () => {
  it.each([1, 2])(
    "ends a run with a checkpoint, and the next goes on from it (parallelism %i)",
    async (parallelism) => {
      using run = new Survivor(shop);
      const first = run.start({ parallelism });
      await checkpoints(run, first, 2);
      first.signal("SIGINT");
      const { code, stdout, stderr } = await first.ended;
      expect({ code, stderr }).toEqual({ code: 130, stderr: "begun\n" });
      expect(JSON.parse(stdout)).toMatchObject({ complete: false });
      const { checkpoint } = newest(run).manifest!;
      const summary = await run.start({ parallelism }).complete();
      expect(summary).toMatchObject({ complete: true, resumedFrom: checkpoint });
      expect(await run.results(summary)).toEqual(undisturbed.results);
    },
  );
});

/** Waits until a run has made so many checkpoints. */
async function checkpoints(run: Survivor, attempt: Attempt, count: number): Promise<void> {
  let isOver = false;
  attempt.ended.then(() => {
    isOver = true;
  });
  while ((manifests(run)[0]?.number ?? 0) < count) {
    expect(isOver, "the run is still going").toBe(false);
    await sleep(5);
  }
}

function manifests(run: Survivor): { readonly number: number; readonly path: string }[] {
  const dir = run.at("out/state");
  const names = existsSync(dir) ? readdirSync(dir) : [];
  return names
    .flatMap((name) => {
      const number = /^checkpoint-(\d+)\.json$/.exec(name)?.[1];
      return number === undefined ? [] : [{ number: Number(number), path: join(dir, name) }];
    })
    .sort((a, b) => b.number - a.number);
}

function read(path: string): Manifest | undefined {
  try {
    return decodeManifest(readFileSync(path), path);
  } catch {
    return undefined;
  }
}

/** The newest checkpoint; it has no manifest where that is damaged. */
function newest(run: Survivor) {
  const { path } = manifests(run)[0]!;
  return { path, outbox: path.replace(/json$/, "outbox"), manifest: read(path) };
}

function newestButOne(run: Survivor): Manifest {
  return read(manifests(run)[1]!.path)!;
}

/** A segment that the newest checkpoint needs more of than the one before, and where that begins. */
function newState(run: Survivor): { readonly path: string; readonly from: number } {
  const known = new Map(newestButOne(run).stores.flatMap(({ segments }) => segments.map((s) => [s.file, s.bytes])));
  const segments = newest(run).manifest!.stores.flatMap((store) => store.segments);
  const grown = segments.find(({ file, bytes }) => bytes > (known.get(file) ?? 0))!;
  return { path: run.at("out/state/segments", grown.file), from: known.get(grown.file) ?? 0 };
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  expect(bytes.length).toBeGreaterThan(at);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

function withoutDamage(desk: unknown) {
  const { engine, ...others } = desk as { readonly engine: readonly { readonly code: string }[] };
  return { ...others, engine: engine.filter(({ code }) => code !== "CHECKPOINT_DAMAGED") };
}

/** What the process that died had begun behind its last checkpoint is nobody's, and goes at the next start. */
function removeUnnamedSegments(run: Survivor): void {
  const state = readdirSync(run.at("out/state")).filter((name) => /^checkpoint-.*json$/.test(name));
  const named = state.map((name) => readFileSync(run.at("out/state", name), "utf8")).join();
  for (const name of readdirSync(run.at("out/state/segments"))) {
    if (!named.includes(name)) rmSync(run.at("out/state/segments", name));
  }
}
