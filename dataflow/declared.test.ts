import { describe, expect, it } from "vitest";
import { jobOf } from "../test/support/job-harness.ts";
import type { Environment } from "./environment.ts";
import { id, instant, integer, model, table, text } from "./model.ts";
import { connect } from "./process/connect.ts";
import { calendarDays, tumbling } from "./windows/assigners.ts";
import { onCount, purging } from "./windows/triggers.ts";

const Order = model("Order", {
  from: table("shop", "orders"),
  fields: { id: id(), note: text(), items: integer(), at: instant() },
});

/** What a job in JavaScript may say: nothing of it is checked by the compiler. */
// biome-ignore lint/suspicious/noExplicitAny: as JavaScript has it
type Any = any;

const events = (env: Environment): Any => env.changes(Order).asEvents();
const keyed = (env: Environment): Any => events(env).keyBy("id");
const changes = (env: Environment): Any => env.changes(Order).keyBy("id");
const select = (order: Any) => ({ id: order.id });
const counted = (rows: Any) => ({ orders: rows.count() });
const process = { state: {}, emits: { id: id() }, onElement: () => undefined };

const mistakes: readonly (readonly [string, (env: Environment) => void, RegExp])[] = [
  ["a model that is none", (env) => env.changes("Order" as Any), /changes.* has "Order"/],
  ["no sink", (env) => events(env).to(), /sink is undefined/],
  ["no uid", (env) => changes(env).aggregate(undefined, counted), /uid is undefined/],
  ["a condition that is none", (env) => events(env).where("note"), /where of .* has "note"/],
  ["a value of another kind", (env) => events(env).where({ items: "3" }), /items is integer.* with "3"/],
  ["a null", (env) => events(env).where({ note: null }), /note is text.* with null/],
  ["a filter without a function", (env) => events(env).filter({ note: "x" }), /condition is an object/],
  ["a map without a function", (env) => events(env).map({ id: id() }), /function is undefined/],
  ["fields without declaration", (env) => events(env).map({ id: "text" }, () => ({})), /field id is not declared/],
  ["no lag", (env) => events(env).timedBy("at"), /timedBy of .* has undefined/],
  ["a lag that is none", (env) => events(env).timedBy("at", { lag: "1m" }), /lag is "1m"/],
  ["a key that is no name", (env) => events(env).keyBy(["id"]), /keyed by a list/],
  ["a field of all objects", (env) => events(env).keyBy("constructor"), /constructor of /],
  ["a union with a changelog", (env) => events(env).union(env.changes(Order)), /needs streams/],
  ["a union by key", (env) => events(env).union(keyed(env)), /needs streams/],
  ["events joined with a changelog", (env) => keyed(env).intervalJoin("u", changes(env), {}), /needs a stream by key/],
  ["windows joined with a changelog", (env) => keyed(env).windowJoin("u", changes(env), {}), /needs a stream by key/],
  ["a join with nothing", (env) => changes(env).join("u"), /stream or changelog by key/],
  ["a join without a word", (env) => changes(env).join("u", changes(env)), /u in a way.* has undefined/],
  ["a join of no fields", (env) => changes(env).join("u", changes(env), { type: "inner" }), /select is undefined/],
  [
    "a join on no function",
    (env) => changes(env).join("u", changes(env), { type: "inner", select, where: [] }),
    /where is a list/,
  ],
  ["a look-up join with rows without a key", (env) => keyed(env).lookupJoin("u", events(env), {}), /changelog by key/],
  ["aggregates without a function", (env) => changes(env).aggregate("u", { n: "count" }), /aggregates is an object/],
  ["aggregates of nothing", (env) => changes(env).aggregate("u", () => undefined), /aggregates of u.* has undefined/],
  ["no process", (env) => keyed(env).process("u"), /u in a way.* has undefined/],
  [
    "an async process",
    (env) => keyed(env).process("u", { ...process, onElement: async () => undefined }),
    /function of rows is async, .* lookup\(\)/,
  ],
  ["an async filter", (env) => events(env).filter(async () => true), /condition is async/],
  ["a process without its function", (env) => keyed(env).process("u", { ...process, onElement: null }), /is null/],
  ["a process without fields", (env) => keyed(env).process("u", { ...process, emits: undefined }), /fields are undef/],
  ["a process without state", (env) => keyed(env).process("u", { ...process, state: undefined }), /state of u/],
  ["no first or last", (env) => keyed(env).deduplicate("u"), /has undefined/],
  ["a ranking by nothing", (env) => keyed(env).topN("u", 3), /has undefined/],
  ["a look-up of nothing", (env) => events(env).lookup("u"), /has undefined/],
  [
    "a window function that is none",
    (env) =>
      keyed(env)
        .window(tumbling(5 as Any))
        .process("u", { emits: { id: id() } }),
    /onWindow is undefined/,
  ],
  ["inputs that are none", () => connect("u", { on: {} } as Any), /inputs of u/],
  [
    "an operator of two jobs",
    (env) => {
      const others: Any[] = [];
      jobOf((other) => void others.push(changes(other))).graph();
      changes(env).join("u", others[0], { type: "inner", select });
    },
    /one of its inputs is of another job/,
  ],
];

describe("what a job declares without the compiler", () => {
  it.each(mistakes)("%s", (_, declare, message) => {
    const build = () => jobOf(declare).graph();
    expect(build).toThrow(message);
    expect(build).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^JOB_(DECLARATION_INVALID|FIELD_U)/) }),
    );
  });

  it.each([
    [
      "a trigger that is none",
      (env: Environment) =>
        keyed(env)
          .window(tumbling(5 as Any))
          .trigger(purging("x" as Any)),
    ],
    ["windows that are none", (env: Environment) => keyed(env).window({ type: "hopping", domain: "event" })],
  ])("%s", (_, windowed) => {
    const build = () => jobOf((env) => void windowed(env).aggregate("u", counted)).graph();
    expect(build).toThrow(expect.objectContaining({ code: "JOB_WINDOW_INVALID" }));
  });

  it("is taken where it is right", () => {
    const right = jobOf((env) => {
      events(env)
        .where({ id: 7, items: [1, 2n], note: "x" })
        .union(events(env))
        .to("one");
      keyed(env)
        .window(calendarDays("UTC"))
        .trigger(purging(onCount(2)))
        .aggregate("u", counted)
        .to("two");
    });
    expect(right.graph().nodes.length).toBeGreaterThan(5);
  });
});
