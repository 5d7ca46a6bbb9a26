import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { GrowingShop, versionsOf } from "./growing-shop.ts";

const ORDERS = 400;

describe("a savepoint", () => {
  it("is begun from at another parallelism, and leaves what an undisturbed run leaves", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, ORDERS);
    for (const name of ["whole", "same", "back"]) shop.config(name);
    shop.growTo(0.4);
    const first = shop.follow("same", ["--parallelism", "2"]);
    await shop.emits("same", 10);
    const savepoint = await shop.ask("savepoint", "early", "--config", "same.json", "--json");
    expect(savepoint).toEqual({ code: 0, stdout: expect.stringContaining("/early"), stderr: "" });
    shop.growTo(0.6);
    await shop.emits("same", (await shop.emitted("same")).length);
    const stop = await shop.ask("stop", "--savepoint", "late", "--config", "same.json");
    expect(stop).toMatchObject({ code: 0, stderr: "" });
    expect((await first.ended).code).toBe(0);
    const until = await shop.emitted("same");

    // A savepoint needs nothing besides itself.
    const third = shop.follow("back", ["--parallelism", "3", "--from-savepoint", "early"]);
    await shop.emits("back", 0);
    expect((await shop.ask("stop", "--savepoint", "third", "--config", "back.json")).code).toBe(0);
    expect((await third.ended).code).toBe(0);
    rmSync(join(folder.path, "back/state"), { recursive: true });
    renameSync(join(folder.path, "third"), join(folder.path, "elsewhere"));

    shop.growTo(1);
    const whole = await shop.runToEnd("whole");
    const same = await shop.runToEnd("same", ["--from-savepoint", "late", "--parallelism", "1"]);
    expect(same.verdicts).toEqual(whole.verdicts);
    expect(same.history).toEqual(whole.history);
    expect(same.alerts).toEqual(whole.alerts);
    expect(shop.counts("same")).toEqual(shop.counts("whole"));
    const all = await shop.emitted("same");
    expect(all.slice(0, until.length)).toEqual(until);
    expect(new Set(until.map(({ epoch }) => epoch))).toEqual(new Set([1]));
    expect(new Set(all.slice(until.length).map(({ epoch }) => epoch))).toEqual(new Set([2]));
    expect(versionsOf(all)).toEqual(versionsOf(await shop.emitted("whole")));

    // In a folder of its own it goes on from what was out by then.
    const back = await shop.runToEnd("back", ["--from-savepoint", "elsewhere", "--parallelism", "2"]);
    const before = whole.history.length - back.history.length;
    expect(back.verdicts).toEqual(whole.verdicts);
    expect([...versionsOf(until.slice(0, before)), ...versionsOf(await shop.emitted("back"))].sort()).toEqual(
      versionsOf(await shop.emitted("whole")),
    );

    // Back to a savepoint that the run had gone on from: what is said again has a higher epoch, and is right.
    const again = await shop.runToEnd("same", ["--from-savepoint", "early", "--parallelism", "3"]);
    expect(again.verdicts).toEqual(whole.verdicts);
    expect(again.history).toEqual(whole.history);
    expect(again.alerts).toEqual(whole.alerts);
    const repeated = (await shop.emitted("same")).slice(whole.history.length);
    expect(repeated).toHaveLength(back.history.length);
    expect(new Set(repeated.map(({ epoch }) => epoch))).toEqual(new Set([3]));
  });
});
