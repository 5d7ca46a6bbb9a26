import { describe, expect, it } from "vitest";
import { hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { id, model, money, table, text } from "../../dataflow/model.ts";
import { testJob } from "../../testing/index.ts";

const Entry = model("Entry", {
  from: table("ledger", "entries"),
  fields: { account: id(), amount: money(), note: text() },
  insertsOnly: true,
});

const entries = job("entries", (env) => env.changes(Entry).asEvents().to("out"));
const row = (account: number) => ({ account, amount: "1.00 EUR", note: "x" });
const shown = (driver: ReturnType<typeof testJob>) => driver.sink("out").map(({ account }) => account);

describe("a model with inserts only", () => {
  it("every insert is an event, rows of the seed too, and no state is kept of it", () => {
    const driver = testJob(entries)
      .seed(Entry, 1, { at: 5 }, row(7))
      .upsert(Entry, 2, { at: 10 }, row(8))
      .upsert(Entry, 3, { at: 20 }, row(7));
    expect(shown(driver)).toEqual(["7", "8", "7"]);
    expect([driver.keys(), driver.repeats("ledger")]).toEqual([0, 0]);
  });

  it("what the log says twice comes twice", () => {
    const again = { at: 10, position: [1, 1, 1] } as const;
    expect(shown(testJob(entries).upsert(Entry, 2, again, row(8)).upsert(Entry, 2, again, row(8)))).toEqual(["8", "8"]);
  });

  it("a change that is no insert is a fault of its record; the rest goes on", () => {
    const driver = testJob(entries).upsert(Entry, 2, { at: 10 }, row(8)).delete(Entry, 2, { at: 20 });
    driver.upsert(Entry, 3, { at: 30 }, row(9));
    expect(shown(driver)).toEqual(["8", "9"]);
    expect(driver.sink("faults")).toMatchObject([{ code: "ROW_NOT_INSERTED", table: "entries", row: "2" }]);
  });

  it("feeds no check, for repeats would be money", () => {
    const checked = job("checked", (env) => {
      const leg = env.changes(Entry).sum("amount");
      env.reconcile("twice", { by: "account", expect: { leg }, actual: { other: leg }, missingAfter: hours(1) });
    });
    expect(() => checked.graph()).toThrow(expect.objectContaining({ code: "RULE_INVALID" }));
  });
});
