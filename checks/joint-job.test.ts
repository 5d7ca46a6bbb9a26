import { describe, expect, it } from "vitest";
import { hours } from "../base/time.ts";
import { id, model, money, table, text } from "../dataflow/model.ts";
import { type JobEnvironment, job } from "./job.ts";
import { haveJobInCommon, jointJob } from "./joint-job.ts";

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { paymentId: id(), status: text(), amount: money() },
});
const Line = model("Line", { from: table("ledger", "lines"), fields: { paymentId: id(), net: money() } });

/** A job that settles payments with a status. */
function settling(name: string, uid: string, status = "captured", Payments: typeof Payment = Payment) {
  return job(name, (env) => check(env, uid, status, Payments));
}

function check(env: JobEnvironment, uid: string, status: string, Payments: typeof Payment): void {
  const expect = { captured: env.changes(Payments).where({ status }).sum("amount") };
  env.reconcile(uid, {
    by: "paymentId",
    expect,
    actual: { net: env.changes(Line).sum("net") },
    missingAfter: hours(1),
  });
}

describe("jobs that run together", () => {
  it("have one graph, in which a model that they share, and an equal condition on it, is there once", () => {
    const { name, nodes } = jointJob([
      settling("a", "one"),
      settling("b", "two"),
      settling("c", "three", "failed"),
    ]).graph();
    expect(name).toBe("a+b+c");
    expect(nodes.map(({ uid }) => uid)).toEqual([
      "changes/Payment",
      "changes/Payment/where(status=captured)",
      "changes/Line",
      "one",
      "two",
      "changes/Payment/where(status=failed)",
      "three",
    ]);
    expect(jointJob([settling("a", "one"), settling("b", "two")], "all").graph().name).toBe("all");
  });

  it("call what their authors did not name as if each were alone", () => {
    const rows = (name: string) =>
      job(name, (env) =>
        env
          .changes(Payment)
          .filter((row) => row.status === name)
          .asEvents()
          .to(name),
      );
    const alone = rows("b")
      .graph()
      .nodes.map(({ uid }) => uid);
    const together = jointJob([rows("a"), rows("b")])
      .graph()
      .nodes.map(({ uid }) => uid);
    expect(together.filter((uid) => uid !== "changes/Payment" && !uid.startsWith("sink/a"))).toEqual([
      ...alone.slice(1, 3),
      ...alone.slice(1),
    ]);
  });

  it("are refused where they call different things alike", () => {
    const collide = (reason: RegExp) =>
      expect.objectContaining({ code: "JOBS_COLLIDE", message: expect.stringMatching(reason) });
    const copy = model("Payment", { from: table("shop", "payments"), fields: Payment.fields });
    const sink = (name: string) => job(name, (env) => env.changes(Line).asEvents().to("lines"));
    const one = settling("a", "one");
    expect(() => jointJob([one, settling("b", "one")]).graph()).toThrow(collide(/jobs b and a .* uid one: rename/));
    expect(() => jointJob([one, settling("b", "two", "x", copy)]).graph()).toThrow(collide(/b and a .* model Payment/));
    expect(() => jointJob([sink("a"), sink("b")]).graph()).toThrow(collide(/the sink lines/));
    expect(() => jointJob([one, one])).toThrow(collide(/the same name/));
    expect(() => jointJob([one], "a b")).toThrow(expect.objectContaining({ code: "JOB_NAME_INVALID" }));
    const twice = job("b", (env) => {
      check(env, "two", "captured", Payment);
      check(env, "two", "captured", Payment);
    });
    expect(() => jointJob([one, twice]).graph()).toThrow(expect.objectContaining({ code: "JOB_DUPLICATE_NAME" }));
  });

  it("may go on from what a run left that has one of them in common", () => {
    expect(haveJobInCommon("a", "b+a")).toBe(true);
    expect(haveJobInCommon("all", "all")).toBe(true);
    expect(haveJobInCommon("a+b", "c+ab")).toBe(false);
  });
});
