import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { GrowingShop } from "./growing-shop.ts";

const MODELS = `
  import { id, instant, model, money, table, text } from "countercheck";
  export const Payment = model("Payment", {
    from: table("shop", "payments"),
    fields: { paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
    businessTime: "capturedAt",
  });
  export const Line = model("Line", {
    from: table("ledger", "settlement_lines"),
    fields: { paymentId: id(), net: money(), fee: money({ column: "fee", currencyFrom: "currency" }) },
  });`;

/** A job with one check over the shared models, whose deadline differs from job to job. */
function jobFile(name: string, deadline: string): string {
  return `
    import { hours, job } from "countercheck";
    import { Line, Payment } from "./models.ts";
    export default job("${name}", (env) => {
      const lines = env.changes(Line);
      env.reconcile("${name}-check", {
        by: "paymentId",
        expect: { captured: env.changes(Payment).where({ status: "captured" }).sum("amount") },
        actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
        missingAfter: ${deadline},
      });
    });`;
}

describe("a set of jobs", () => {
  it("gets a job from a savepoint on, and loses one only if told so", async () => {
    using folder = new TemporaryFolder();
    using shop = await GrowingShop.make(folder.path, 500);
    const write = (file: string, text: string) => writeFileSync(join(folder.path, file), text);
    write("models.ts", MODELS);
    write("first.ts", jobFile("first", "hours(24)"));
    write("second.ts", jobFile("second", "hours(12)"));
    for (const name of ["alone", "set", "less"]) shop.config(name);

    shop.growTo(0.4);
    const one = shop.follow("set", [], "first.ts");
    await shop.emits("set", 3);
    expect(await shop.ask("stop", "--savepoint", "of-one", "--config", "set.json")).toMatchObject({ code: 0 });
    await one.ended;

    const unnamed = await shop.ask("run", "first.ts", "second.ts", "--config", "set.json");
    expect(unnamed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error STATE_OF_OTHER_JOB: .*--name/) });

    shop.growTo(0.6);
    const both = shop.follow("set", ["second.ts", "--from-savepoint", "of-one", "--parallelism", "2"], "first.ts");
    const before = await shop.emitted("set");
    await shop.emits("set", before.length + 2);
    expect(await shop.ask("stop", "--savepoint", "of-both", "--config", "set.json")).toMatchObject({ code: 0 });
    await both.ended;
    shop.growTo(1);

    // What goes on is as if the other had never come.
    const alone = await shop.runToEnd("alone", [], "first.ts");
    const set = await shop.runToEnd("set", ["second.ts"], "first.ts");
    const of = (check: string, lines: readonly string[]) => lines.filter((line) => line.includes(`"${check}-check"`));
    expect(set.summary).toMatchObject({ job: "first+second", complete: true });
    expect(of("first", set.verdicts)).toEqual(alone.verdicts);
    expect(of("first", set.history)).toEqual(alone.history);
    expect(of("second", set.history).length).toBeGreaterThan(3);

    const from = ["--from-savepoint", "of-both"];
    const refused = await shop.ask("run", "first.ts", "--config", "less.json", ...from);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^error STATE_DROPPED: .*of second-check/);
    const less = await shop.runToEnd("less", [...from, "--allow-dropped-state"], "first.ts");
    expect(less.verdicts).toEqual(alone.verdicts);
    expect(of("second", less.history)).toEqual([]);
  });
});
