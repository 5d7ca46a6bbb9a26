import { describe, expect, it } from "vitest";
import { waitFor } from "../savepoints/growing-shop.ts";
import { AlgebraShop } from "./shop.ts";

/** What versions of the job differ in. */
interface Version {
  readonly window?: string;
  readonly fields?: string;
  readonly lateness?: string;
  readonly gap?: string;
  readonly to?: string;
  readonly select?: string;
}

/** What is done with the state of another version: it goes on, or is refused for a reason. */
const VERSIONS: readonly (readonly [what: string, version: Version, refused?: string])[] = [
  ["fewer fields", { fields: "count: rows.count()" }],
  [
    "longer lateness, gap and interval, and a field more of each pair",
    {
      lateness: "hours(1)",
      gap: "minutes(40)",
      to: "hours(30)",
      select: "net: line.net",
    },
  ],
  [
    "a field more",
    { fields: "count: rows.count(), least: rows.min('amount'), most: rows.max('amount')" },
    "State windows of tumbling cannot be read as the job declares it now: max_amount of contents is new.",
  ],
  [
    "windows of another size",
    { window: "tumbling(hours(8))" },
    "State windows of tumbling cannot be read as the job declares it now: tumbling_event_21600000_0 is gone; tumbling_event_28800000_0 is new.",
  ],
];

describe("the next version of a job with windows and joins", () => {
  it("goes on with their state, or is refused and told why", async () => {
    using shop = await AlgebraShop.make(200);
    const first = shop.write("first.ts", jobOf({}));
    shop.log.config("begun");
    shop.log.growTo(0.5);
    shop.log.follow("begun", ["--parallelism", "2"], first);
    await waitFor(() => shop.bytesIn("begun") > 4_000);
    expect(await shop.log.ask("stop", "--savepoint", "before", "--config", "begun.json")).toMatchObject({ code: 0 });
    shop.log.growTo(1);
    shop.log.config("same");
    await shop.log.complete("same", ["--from-savepoint", "before"], first);
    const same = shop.results("same");

    for (const [index, [what, version, refused]] of VERSIONS.entries()) {
      const name = `version${index}`;
      shop.log.config(name);
      const job = shop.write(`${name}.ts`, jobOf(version));
      const run = () =>
        shop.log.ask(
          "run",
          job,
          "--config",
          `${name}.json`,
          "--from-savepoint",
          "before",
          "--parallelism",
          "3",
          "--quiet",
        );
      if (refused !== undefined) {
        const { code, stdout, stderr } = await run();
        expect({ code, stdout }, what).toEqual({ code: 1, stdout: "" });
        expect(stderr, what).toContain(`error STATE_INCOMPATIBLE: ${refused}`);
        expect(stderr, what).toMatch(/Change that back, or begin it anew: give .* another name/);
        continue;
      }
      expect(await run(), what).toMatchObject({ code: 0 });
      const results = shop.results(name);
      // What was counted before the savepoint counts.
      const counts = (lines: typeof results, sink: string) =>
        lines
          .get(sink)!
          .map(({ currency, from, count }) => `${currency} ${from} ${count}`)
          .sort();
      expect(counts(results, "tumbling"), what).toEqual(counts(same, "tumbling"));
      if (version.gap === undefined) expect(counts(results, "session"), what).toEqual(counts(same, "session"));
      else expect(results.get("session")!.length, what).toBeLessThan(same.get("session")!.length);
      // A longer interval finds more, of what is still there or comes.
      const pairs = new Set(results.get("pairs")!.map(({ payment, batch }) => `${payment} ${batch}`));
      for (const { payment, batch } of same.get("pairs")!) expect(pairs, what).toContain(`${payment} ${batch}`);
    }
  });
});

function jobOf({
  window = "tumbling(hours(6))",
  fields = "count: rows.count(), least: rows.min('amount')",
  lateness = "milliseconds(0)",
  gap = "minutes(20)",
  to = "hours(20)",
  select = "",
}: Version): string {
  return `
    import { hours, id, job, milliseconds, minutes, model, money, session, table, text, tumbling } from "countercheck";
    const Payment = model("Payment", {
      from: table("shop", "payments"),
      fields: { id: id(), paymentId: id(), status: text(), amount: money() },
    });
    const Line = model("Line", {
      from: table("ledger", "settlement_lines"),
      fields: { batchId: id(), lineNo: id(), paymentId: id(), net: money() },
    });
    export default job("windows-and-joins", (env) => {
      const captures = env.changes(Payment).where({ status: "captured" }).asEvents();
      const byCurrency = captures.keyBy("amount.currency");
      byCurrency.window(${window}).allowedLateness(${lateness}).aggregate("tumbling", (rows) => ({
        currency: rows.key("amount.currency"), from: rows.windowStart(), ${fields},
      })).to("tumbling");
      byCurrency.window(session(${gap})).aggregate("session", (rows) => ({
        currency: rows.key("amount.currency"), from: rows.windowStart(), count: rows.count(),
      })).to("session");
      captures.keyBy("paymentId").intervalJoin("pairs", env.changes(Line).asEvents().keyBy("paymentId"), {
        from: hours(-1), to: ${to}, type: "inner",
        select: (payment, line) => ({ payment: payment.id, batch: line.batchId, ${select} }),
      }).to("pairs");
    });`;
}
