import {
  flag,
  hours,
  type Id,
  id,
  idOf,
  instant,
  integer,
  job,
  type ListState,
  list,
  type MapState,
  type MoneyValue,
  map,
  model,
  money,
  number,
  table,
  text,
  type ValueState,
  value,
} from "../../index.ts";

/** What compiles and what does not in state: every line under `@ts-expect-error` must fail, every other one must not. */

const Login = model("Login", {
  from: table("app", "logins"),
  fields: { user: id(), device: id(), note: text(), spent: money(), at: instant(), score: number() },
});

const fields = { count: integer(), score: number(), ok: flag(), by: id(), spent: money() };

/** Every kind of state, with and without a ttl, and both kinds of timers. */
export const compiles = job("states", (env) => {
  env
    .changes(Login)
    .asEvents()
    .keyBy("user")
    .process("kinds", {
      state: { one: value(fields), many: list(fields, { ttl: hours(1) }), named: map(fields, {}) },
      emits: { user: id(), score: number() },
      onElement: (row, { key, state, time, processingTime, emit, setTimer, setProcessingTimer, ...context }) => {
        const { one, many, named } = state;
        const count: bigint = one.get()?.count ?? 0n;
        const spent: MoneyValue | null | undefined = many.get().at(-1)?.spent;
        one.set({ count, score: row.score, ok: true, by: row.device, spent: spent ?? row.spent });
        many.add({ count: null, score: null, ok: null, by: null, spent: null });
        named.set(row.device ?? idOf("none"), one.get()!);
        named.set("a text", { count, score: 1.5, ok: false, by: key, spent: { minor: 1n, currency: "EUR" } });
        for (const [name, { by }] of named.entries()) if (named.has(name) && named.size > 1) named.delete(by ?? name);
        const by: Id | null = named.get("a text")?.by ?? null;
        emit({ user: by ?? key, score: row.score });
        setTimer(time + 1_000);
        context.deleteTimer(time + 1_000);
        context.deleteProcessingTimer(processingTime);
        setProcessingTimer(processingTime + 1_000);
        one.clear();
        many.clear();
        named.clear();
      },
      onTimer: ({ state }) => state.many.clear(),
      onProcessingTimer: ({ state, emit, key }) => emit({ user: key, score: state.one.get()?.score ?? null }),
    })
    .to("out");
});

/** The types that a job's own functions name. */
export const named = (
  one: ValueState<{ readonly a: bigint | null }>,
  many: ListState<{ readonly a: bigint | null }>,
  byKey: MapState<{ readonly a: bigint | null }>,
) => {
  if (byKey.size === 0) for (const row of many.get()) one.set(row);
};

export const wrongStates = job("wrong-states", (env) => {
  const keyed = env.changes(Login).asEvents().keyBy("user");
  keyed.process("wrong-values", {
    state: { one: value(fields), many: list(fields), named: map(fields) },
    emits: {},
    onElement: (row, { state }) => {
      // @ts-expect-error there is no such state
      state.ones.get();
      const { one, many, named } = state;
      // @ts-expect-error a value has no elements
      one.add(one.get()!);
      // @ts-expect-error a list has no keys
      many.set("key", one.get()!);
      // @ts-expect-error a map is set by key
      named.set(one.get()!);
      // @ts-expect-error a list is not replaced
      many.set(one.get()!);
      // @ts-expect-error a key is a text or an id, not null
      named.get(row.device);
      // @ts-expect-error nor a number
      named.delete(7);
      // @ts-expect-error the state has no such field
      one.get()?.many;
      // @ts-expect-error fields are missing
      one.set({ count: 1n });
      // @ts-expect-error an integer is a bigint
      one.set({ ...one.get()!, count: 1 });
      // @ts-expect-error a number is none
      many.add({ ...one.get()!, score: 1n });
      // @ts-expect-error a text is no id
      named.set("key", { ...one.get()!, by: row.note });
      // @ts-expect-error what is got is not written
      one.get()!.count = 2n;
      // @ts-expect-error nor is a list
      many.get().push(one.get()!);
    },
  });
  keyed.process("wrong-ttl", {
    state: {
      // @ts-expect-error a ttl has a unit: hours(1)
      one: value(fields, { ttl: 3_600_000 }),
      // @ts-expect-error there is no such option
      many: list(fields, { retain: hours(1) }),
      // @ts-expect-error fields are declared, not values
      named: map({ count: 1n }),
    },
    emits: {},
    onElement: () => {},
  });
});

export const wrongNumbers = job("wrong-numbers", (env) => {
  const logins = env.changes(Login);
  // @ts-expect-error numbers are not exact, and not compared by value
  logins.where({ score: 1 });
  // @ts-expect-error nor are they money
  logins.sum("score");
  // @ts-expect-error a number is no key
  logins.asEvents().keyBy("score");
  model("Wrong", {
    from: table("app", "logins"),
    fields: { user: id(), score: number() },
    // @ts-expect-error a number is no point in time
    businessTime: "score",
  });
});
