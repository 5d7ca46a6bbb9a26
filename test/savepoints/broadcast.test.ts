import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TemporaryFolder } from "../support/cli.ts";
import { GrowingShop, waitFor } from "./growing-shop.ts";

/**
 * Tells an hour after each change of a payment how many lines it had by then, and how many refunds there were of anybody's,
 * which is known in every worker; and tells each refund once.
 */
const JOB = `
import { connect, hours, id, instant, integer, job, map, model, table, text } from "countercheck";
const Payment = model("Payment", { from: table("shop", "payments"), fields: { paymentId: id(), status: text() } });
const Refund = model("Refund", { from: table("shop", "refunds"), fields: { paymentId: id(), status: text() } });
const Line = model("Line", { from: table("ledger", "settlement_lines"), fields: { paymentId: id() } });
const until = (entries, time) => BigInt(entries.filter(([, { at }]) => at <= time).length);
export default job("refunds", (env) => {
  const told = connect("tell", {
    inputs: { payments: env.changes(Payment).keyBy("paymentId"), lines: env.changes(Line).keyBy("paymentId") },
    broadcast: { refunds: env.changes(Refund).asEvents() },
    state: { lines: map({ at: instant() }) },
    broadcastState: { refunds: map({ at: instant() }) },
    emits: { paymentId: id(), at: instant(), lines: integer(), refunds: integer() },
    sides: { heard: { paymentId: id(), status: text() } },
    on: {
      payments: (_, { time, setTimer }) => setTimer(time + hours(1)),
      lines: (_, { kind, time, state }) => kind === "add" && state.lines.set(String(time), { at: time }),
      refunds({ paymentId, status }, { time, broadcastState, emitTo }) {
        broadcastState.refunds.set(paymentId + status + time, { at: time });
        emitTo("heard", { paymentId, status });
      },
    },
    onTimer: ({ key, time, state, broadcastState, emit }) =>
      emit({
        paymentId: key,
        at: time,
        lines: until(state.lines.entries(), time),
        refunds: until(broadcastState.refunds.entries(), time),
      }),
  });
  told.to("told");
  told.side("heard").to("heard");
});
`;

it("broadcast state is in savepoints, and in every worker of a run that goes on with other ones", async () => {
  using folder = new TemporaryFolder();
  using shop = await GrowingShop.make(folder.path, 150);
  const rows = (name: string, sink: string) => {
    const path = join(folder.path, name, "sinks", `${sink}.jsonl`);
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : [];
  };
  const job = join(folder.path, "refunds.ts");
  writeFileSync(job, JOB);
  for (const name of ["whole", "begun", "gone-on"]) shop.config(name);
  shop.growTo(0.5);
  const run = shop.follow("begun", ["--parallelism", "2"], job);
  await waitFor(() => rows("begun", "told").length > 0 && rows("begun", "heard").length > 0);
  expect(await shop.ask("stop", "--savepoint", "savepoint", "--config", "begun.json")).toMatchObject({ code: 0 });
  await run.ended;
  shop.growTo(1);
  await shop.complete("whole", [], job);
  await shop.complete("gone-on", ["--from-savepoint", "savepoint", "--parallelism", "3"], job);

  for (const sink of ["told", "heard"]) {
    const parts = [rows("begun", sink), rows("gone-on", sink)];
    expect(parts.map(({ length }) => length > 0)).toEqual([true, true]);
    expect(parts.flat().sort()).toEqual(rows("whole", sink).sort());
  }
  const last = rows("whole", "told").map((row) => JSON.parse(row).refunds);
  expect(new Set(last).size, "refunds are counted").toBeGreaterThan(3);
});
