import { describe, expect, it } from "vitest";
import { minutes } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { testJob } from "../../testing/index.ts";
import { id, instant, integer, model, table, text } from "../model.ts";
import { list, map, value } from "./state-spec.ts";

const Login = model("Login", {
  from: [table("app", "logins")],
  fields: { user: id(), result: text() },
});
const Lock = model("Lock", { from: table("desk", "locks"), fields: { user: id(), result: text() } });

/** Counts failed logins per user, and tells after a minute how many there were. */
const counting = job("counting", (env) =>
  env
    .changes(Login)
    .asEvents()
    .keyBy("user")
    .process("count", {
      state: { open: value({ failed: integer(), since: instant() }) },
      emits: { user: id(), failed: integer(), since: instant(), at: instant() },
      onElement: ({ result }, { state, time, setTimer }) => {
        if (result === "ok") return state.open.clear();
        const open = state.open.get();
        state.open.set({ failed: (open?.failed ?? 0n) + 1n, since: open?.since ?? time });
        setTimer((open?.since ?? time) + 60_000);
      },
      onTimer: ({ key, state, time, emit }) => {
        const open = state.open.get();
        if (open === undefined) return;
        emit({ user: key, ...open, at: time });
        state.open.clear();
      },
    })
    .to("out"),
);

const login = (user: number | string | null, result: string) => ({ user, result });

describe("process", () => {
  it("keeps state per key and calls timers once the watermark has reached their time", () => {
    const driver = testJob(counting)
      .upsert(Login, 1, { at: 0 }, login(7, "wrong"))
      .upsert(Login, 2, { at: 10 }, login("eve", "wrong"))
      .upsert(Login, 3, { at: 20 }, login(7, "wrong"))
      .advance(59_999);
    expect(driver.sink("out")).toEqual([]);
    driver.advance(60_000);
    expect(driver.sink("out")).toEqual([{ user: "7", failed: 2n, since: 0, at: 60_000 }]);
    expect(driver.advance(60_010).sink("out")).toHaveLength(2);
  });

  it("timers fire by time, then key, and one of a (key, time) once", () => {
    const driver = testJob(counting);
    for (const [row, user] of ["c", "a", "b", "a"].entries()) {
      driver.upsert(Login, row, { at: 5 }, login(user, "wrong"));
    }
    const out = driver.advance(999_999).sink("out");
    expect(out.map(({ user, failed }) => `${user} ${failed}`)).toEqual(["'a 2", "'b 1", "'c 1"]);
  });

  it("state is kept until the function clears it", () => {
    const driver = testJob(counting).upsert(Login, 1, { at: 0 }, login(7, "wrong"));
    expect(driver.keys()).toBe(1);
    expect(driver.upsert(Login, 2, { at: 1 }, login(7, "ok")).keys()).toBe(0);
    expect(driver.advance(90_000).sink("out")).toEqual([]);
  });

  it("keeps lists and maps too, for as long as their ttl", () => {
    const recent = job("recent", (env) =>
      env
        .changes(Login)
        .asEvents()
        .keyBy("user")
        .process("recent", {
          state: { failures: list({ at: instant() }, { ttl: minutes(1) }), results: map({ seen: integer() }) },
          emits: { user: id(), failures: integer(), kinds: integer() },
          onElement: ({ result }, { key, state, time, emit }) => {
            if (result === "wrong") state.failures.add({ at: time });
            state.results.set(result ?? "", { seen: (state.results.get(result ?? "")?.seen ?? 0n) + 1n });
            emit({ user: key, failures: BigInt(state.failures.get().length), kinds: BigInt(state.results.size) });
          },
        })
        .to("out"),
    );
    const driver = testJob(recent)
      .upsert(Login, 1, { at: 0 }, login(7, "wrong"))
      .upsert(Login, 2, { at: 30_000 }, login(7, "wrong"))
      .advance(60_000)
      .upsert(Login, 3, { at: 60_001 }, login(7, "ok"));
    expect(driver.sink("out").map(({ failures, kinds }) => [failures, kinds])).toEqual([
      [1n, 1n],
      [2n, 1n],
      [1n, 2n],
    ]);
  });

  it("events without the key are left out", () => {
    const driver = testJob(counting).upsert(Login, 1, { at: 0 }, login(null, "wrong"));
    expect(driver.keys()).toBe(0);
  });

  it("the watermark is the least of all sources'; late events are handed in like others", () => {
    const seen: string[] = [];
    const two = job("two", (env) => {
      env
        .changes(Login)
        .asEvents()
        .union(env.changes(Lock).asEvents())
        .keyBy("user")
        .process("watch", {
          state: {},
          emits: { user: id() },
          onElement: ({ result }, { time, watermark, setTimer }) => {
            seen.push(`${result} at ${time}, watermark ${watermark}`);
            setTimer(100);
          },
          onTimer: ({ time, watermark }) => void seen.push(`timer ${time}, watermark ${watermark}`),
        })
        .to("out");
    });
    testJob(two)
      .upsert(Login, 1, { at: 50 }, login(1, "wrong"))
      .advance(500, "app")
      .upsert(Lock, 1, { at: 70 }, login(1, "locked"))
      .advance(300, "desk")
      .upsert(Login, 2, { at: 20 }, login(1, "late"))
      .end(900);
    expect(seen).toEqual([
      "wrong at 50, watermark -Infinity",
      "locked at 70, watermark -Infinity",
      "timer 100, watermark 300",
      "late at 20, watermark 300",
      "timer 100, watermark 900",
    ]);
  });
});
