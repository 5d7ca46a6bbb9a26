import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { GrowingShop, waitFor } from "./growing-shop.ts";

describe.concurrent("the next version of a job", () => {
  it("goes on with its state where Avro's rules let it, and is refused where they do not", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 150);
    const first = write(folder, "first.ts", watch("value({ times: integer(), status: text() })", "0n, 1n"));
    for (const name of ["whole", "old", "wide", "other"]) shop.config(name);
    shop.growTo(0.5);
    const run = shop.follow("old", ["--parallelism", "2"], first);
    await waitFor(() => seen(folder, "old").length > 0);
    expect(await shop.ask("stop", "--savepoint", "savepoint", "--config", "old.json")).toMatchObject({ code: 0 });
    await run.ended;
    shop.growTo(1);

    // What is refused leaves all as it was.
    const state = readFileSync(join(folder.path, "old/state/run.json"), "utf8");
    const from = ["--from-savepoint", "savepoint"];
    const text = write(folder, "text.ts", watch("value({ times: text() })", '"", ""'));
    const other = write(folder, "other.ts", watch("value({ times: integer() })", "0n, 1n", "newest"));
    for (const args of [from, []]) {
      const changed = await shop.ask("run", text, "--config", "old.json", ...args);
      expect(changed).toMatchObject({ code: 1, stdout: "" });
      expect(changed.stderr).toMatch(
        /^error STATE_INCOMPATIBLE: State last of watch cannot be read .* now: times was integer, and is text\. Change/,
      );
    }
    const renamed = await shop.ask("run", other, "--config", "old.json", ...from);
    expect(renamed).toMatchObject({ code: 1, stdout: "" });
    expect(renamed.stderr).toMatch(/^error STATE_DROPPED: .*: state last of watch\. .* lacks: state newest of watch\./);
    expect(readFileSync(join(folder.path, "old/state/run.json"), "utf8")).toBe(state);

    // A field went, one came, one is wider.
    const wide = write(folder, "wide.ts", watch("value({ times: number(), more: flag() })", "0, 1"));
    await shop.complete("whole", [], first);
    await shop.complete("wide", from, wide);
    const whole = timesOf(seen(folder, "whole"));
    const after = timesOf(seen(folder, "wide"));
    expect(after.size).toBeGreaterThan(10);
    for (const [payment, times] of after) expect(times).toEqual(whole.get(payment)!.slice(-times.length));
    expect([...after.values()].some(([times]) => times! > 0)).toBe(true);
    expect(seen(folder, "wide").find(({ seen }) => seen !== null)?.seen).toEqual({
      times: expect.any(Number),
      more: null,
    });

    // The files of sinks tell no epoch: back at a savepoint, what came behind it goes.
    await shop.complete("old", [], first);
    await shop.complete("old", [...from, "--parallelism", "2"], first);
    expect(timesOf(seen(folder, "old"))).toEqual(whole);

    // What was kept under the old name is gone.
    await shop.complete("other", [...from, "--allow-dropped-state"], other);
    const begun = timesOf(seen(folder, "other"));
    expect([...begun.keys()]).toEqual([...after.keys()]);
    for (const [, [times]] of begun) expect(times).toBe(0);
  });

  it("may have a check with another deadline and more evidence, but not one that adds up something else", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 600);
    shop.config("out");
    shop.growTo(0.5);
    const first = write(folder, "first.ts", check("", "fees: lines.sum('fee')", "hours(24)"));
    const run = shop.follow("out", [], first);
    await shop.emits("out", 3);
    expect(await shop.ask("stop", "--savepoint", "savepoint", "--config", "out.json")).toMatchObject({ code: 0 });
    await run.ended;
    const known = idsOf(shop.alerts("out"));
    shop.growTo(1);
    const fewer = await shop.ask("run", write(folder, "fewer.ts", check("", "", "hours(24)")), "--config", "out.json");
    expect(fewer).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("now: leg fees is gone. Change that back"),
    });
    const later = write(
      folder,
      "later.ts",
      check("paymentMethod: text('status'),", "fees: lines.sum('fee')", "hours(48)"),
    );
    const result = await shop.runToEnd("out", [], later);
    expect(result.summary).toMatchObject({ complete: true, resumedFrom: expect.any(Number) });
    const emitted = await shop.emitted("out");
    expect(new Set(emitted.map(({ rule }) => rule.hash)).size).toBe(2);

    // Back at the savepoint with a version that is silent for longer: what it does not raise is off the desk.
    shop.config("clean");
    const patient = write(folder, "patient.ts", check("", "fees: lines.sum('fee')", "hours(1000)"));
    const clean = await shop.runToEnd("clean", ["--from-savepoint", "savepoint"], patient);
    const back = await shop.runToEnd("out", ["--from-savepoint", "savepoint"], patient);
    expect(back.verdicts).toEqual(clean.verdicts);
    const expected = new Set([...known, ...idsOf(clean.alerts)]);
    expect(new Set(idsOf(back.alerts))).toEqual(expected);
    expect(idsOf(result.alerts).some((id) => !expected.has(id))).toBe(true);
  });
});

function write(folder: TemporaryFolder, file: string, text: string): string {
  writeFileSync(join(folder.path, file), text);
  return file;
}

function idsOf(alerts: readonly { readonly id: string }[]): string[] {
  return alerts.map(({ id }) => id);
}

/** A job that counts a payment's rows, and tells what it knew when one came. */
function watch(state: string, zeroAndOne: string, name = "last"): string {
  return `
    import { flag, id, integer, job, model, number, table, text, value } from "countercheck";
    const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), status: text() } });
    const [zero, one] = [${zeroAndOne}];
    const json = (value) => JSON.stringify(value ?? null, (_, v) => (typeof v === "bigint" ? Number(v) : v));
    export default job("watch", (env) => {
      env.changes(Payment).asEvents().keyBy("paymentId").process("watch", {
        state: { ${name}: ${state} },
        emits: { paymentId: id(), seen: text() },
        onElement: (row, { key, state, emit }) => {
          const before = state.${name}.get();
          emit({ paymentId: key, seen: json(before) });
          state.${name}.set({ times: (before?.times ?? zero) + one });
        },
      }).to("seen");
    });`;
}

/** A check over payments, with more fields, another leg and another deadline. */
function check(fields: string, leg: string, deadline: string): string {
  return `
    import { hours, id, instant, job, model, money, table, text } from "countercheck";
    const Payment = model("Payment", {
      from: table("shop", "payments"),
      fields: { paymentId: id(), status: text(), ${fields} amount: money(), capturedAt: instant() },
      businessTime: "capturedAt",
    });
    const Line = model("Line", {
      from: table("ledger", "settlement_lines"),
      fields: { paymentId: id(), net: money(), fee: money() },
    });
    export default job("settled", (env) => {
      const lines = env.changes(Line);
      env.reconcile("settled", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).where({ status: "captured" }).sum("amount") },
        actual: { settled: lines.sum("net"), ${leg} },
        missingAfter: ${deadline},
      });
    });`;
}

interface Seen {
  readonly paymentId: string;
  readonly seen: { readonly times: number } | null;
}

function seen(folder: TemporaryFolder, name: string): Seen[] {
  const path = join(folder.path, name, "sinks/seen.jsonl");
  if (!existsSync(path) || statSync(path).size === 0) return [];
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line)).map(({ paymentId, seen }) => ({ paymentId, seen: JSON.parse(seen) }));
}

/** How often each payment had been seen before, from row to row. */
function timesOf(rows: readonly Seen[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { paymentId, seen } of rows) times.set(paymentId, [...(times.get(paymentId) ?? []), seen?.times ?? 0]);
  return times;
}
