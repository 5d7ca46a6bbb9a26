import { describe, expect, it } from "vitest";
import { connect, id, idOf, integer, job, map, model, table, value } from "../../index.ts";
import { JobHarness } from "../../test/support/job-harness.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), customer: id(), amount: integer() },
});
const Payment = model("Payment", {
  from: table("bank", "payments"),
  fields: { id: id(), orderId: id(), amount: integer() },
});
const Limit = model("Limit", { from: table("desk", "limits"), fields: { customer: id(), most: integer() } });

describe("mistakes that a job which was not compiled can make", () => {
  type Loose = Record<string, unknown>;
  const loosely = (define: (spec: Loose, inputs: Loose, broadcast: Loose) => Loose) => () =>
    job("loose", (env) => {
      const inputs = { orders: env.changes(Order).keyBy("id") };
      const broadcast = { limits: env.changes(Limit) };
      const spec = { inputs, state: {}, emits: {}, on: { orders() {} } };
      connect("loose", define(spec, inputs, broadcast) as never);
    }).graph();

  it.each<[string, (spec: Loose, inputs: Loose, broadcast: Loose) => Loose, string, string]>([
    ["no inputs", (spec) => ({ ...spec, inputs: {}, on: {} }), "JOB_INPUT_INVALID", "one input by key"],
    ["no function", (spec) => ({ ...spec, on: {} }), "JOB_INPUT_INVALID", "no function for its rows"],
    [
      "a function too many",
      (spec) => ({ ...spec, on: { orders() {}, refunds() {} } }),
      "JOB_INPUT_INVALID",
      "cannot take in refunds",
    ],
    [
      "an input without a key",
      (spec, inputs, { limits }) => ({ ...spec, inputs: { ...inputs, limits }, on: { orders() {}, limits() {} } }),
      "JOB_INPUT_INVALID",
      "it is not by key",
    ],
    [
      "a broadcast input with a key",
      (spec, { orders }) => ({ ...spec, broadcast: { limits: orders }, on: { orders() {}, limits() {} } }),
      "JOB_INPUT_INVALID",
      "it is by key",
    ],
    [
      "a name twice",
      (spec, _, { limits }) => ({ ...spec, broadcast: { orders: limits } }),
      "JOB_INPUT_INVALID",
      "both keyed and broadcast",
    ],
    [
      "broadcast state that is no map",
      (spec) => ({ ...spec, broadcastState: { most: value({ most: integer() }) } }),
      "JOB_STATE_INVALID",
      "broadcast state is a map",
    ],
    [
      "broadcast state with a ttl",
      (spec) => ({ ...spec, broadcastState: { most: { ...map({ most: integer() }), ttlMs: 5 } } }),
      "JOB_STATE_INVALID",
      "has no ttl",
    ],
    [
      "a state of both kinds of one name",
      (spec) => ({ ...spec, state: { most: value({}) }, broadcastState: { most: map({}) } }),
      "JOB_DUPLICATE_NAME",
      "most in loose",
    ],
    ["a side output with a hyphen", (spec) => ({ ...spec, sides: { "too-late": {} } }), "JOB_SIDE_INVALID", "digits"],
    ["a side output of nothing", (spec) => ({ ...spec, sides: { late: null } }), "JOB_SIDE_INVALID", "has no fields"],
    [
      "a side output of values",
      (spec) => ({ ...spec, sides: { late: { order: 5 } } }),
      "JOB_SIDE_INVALID",
      "field order is not declared",
    ],
  ])("%s", (_, define, code, message) => {
    expect(loosely(define)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  it("keys of other types", () => {
    const differing = job("differing", (env) => {
      const inputs = { orders: env.changes(Order).keyBy("id"), payments: env.changes(Payment).keyBy("amount") };
      connect("differ", { inputs, state: {}, emits: {}, on: { orders() {}, payments() {} } } as never);
    });
    expect(() => differing.graph()).toThrow("differ cannot take in payments: its key is of integer, and others' of id");
  });

  it("an input of another job", () => {
    job("first", (first) => {
      const other = job("second", (second) => {
        const inputs = { orders: second.changes(Order).keyBy("id"), payments: first.changes(Payment).keyBy("orderId") };
        connect("mixed", { inputs, state: {}, emits: {}, on: { orders() {}, payments() {} } });
      });
      expect(() => other.graph()).toThrow("it is of another job");
    }).graph();
  });

  it("a side output that is not declared", () => {
    const sided = job("sided", (env) => {
      const results = env
        .changes(Order)
        .keyBy("id")
        .process("sided", {
          state: {},
          emits: {},
          sides: { late: { order: id() } },
          onElement: (_, { emitTo }) => emitTo("early" as never, {} as never),
        });
      expect(() => results.side("early" as never)).toThrow("it is not declared, and there are: late");
    });
    expect(() => new JobHarness(sided).row(Order, { id: idOf("a"), customer: null, amount: 1n }, 0)).toThrow(
      expect.objectContaining({ code: "JOB_SIDE_INVALID" }),
    );
  });
});
