import { describe, expect, it } from "vitest";
import { milliseconds } from "../../base/time.ts";
import { JobHarness, jobOf } from "../../test/support/job-harness.ts";
import { id, idOf, model, table } from "../model.ts";
import { globalWindow, tumbling } from "../windows/assigners.ts";
import { onCount, purging } from "../windows/triggers.ts";

const Click = model("Click", { from: table("web", "clicks"), fields: { user: id() } });
const User = model("User", { from: table("app", "users"), fields: { user: id(), plan: id() } });

/** Results of a global window have a time that no watermark reaches. */
const joining = jobOf((env) => {
  const clicks = env.changes(Click).asEvents().keyBy("user");
  const counted = clicks
    .window(globalWindow())
    .trigger(purging(onCount(1)))
    .aggregate("counted", (rows) => ({ user: rows.key("user"), clicks: rows.count() }))
    .keyBy("user");
  const users = env.changes(User);
  const events = users.asEvents().keyBy("user");
  const near = { from: milliseconds(-1), to: milliseconds(1) };
  const windows = tumbling(milliseconds(5));
  const type = "leftOuter";
  const inIntervals = counted.intervalJoin("interval", events, {
    ...near,
    type,
    select: (count, user) => ({ clicks: count.clicks, plan: user.plan }),
  });
  const inWindows = counted.windowJoin("window", events, windows, {
    type,
    select: (count, user) => ({ clicks: count.clicks, plan: user.plan }),
  });
  const inTable = counted.lookupJoin("table", users.keyBy("user"), {
    type,
    select: (count, user) => ({ clicks: count.clicks, plan: user.plan }),
  });
  for (const each of [inIntervals, inWindows, inTable]) each.to("out");
  for (const late of [inIntervals.late("left"), inWindows.late("left"), inTable.late()]) late.to("late");
});

describe("rows of a time after all time", () => {
  it("are in no interval, window or version: they go aside, and leave nothing behind", () => {
    const harness = new JobHarness(joining, 2).row(Click, { user: idOf("a") }, 5);
    expect(harness.take("late")).toEqual(Array(3).fill({ user: idOf("a"), clicks: 1n }));
    harness.watermark(100).end();
    expect(harness.take()).toEqual([]);
    expect(harness.keys()).toBe(0);
  });
});
