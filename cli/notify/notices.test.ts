import { describe, expect, it } from "vitest";
import type { AlertRecord } from "../../schemas/contracts.ts";
import { noticesOf } from "./notices.ts";
import type { RouteConfig, SinkConfig } from "./notify-config.ts";

function sink(name: string, route: Partial<RouteConfig> = {}): SinkConfig {
  const to = { kind: "slack", url: "", allowHttp: false } as const;
  const storm = { moreThan: 20, withinMs: 1 };
  return { name, about: "money", to, timeoutMs: 1, giveUpAfterMs: 1, storm, ...route };
}

function alert(changes: Partial<AlertRecord> = {}): AlertRecord {
  return {
    ...{ id: "a1", action: "opened", check: "settlement", key: "42", class: "missing", currency: "EUR", period: "" },
    ...{ atRisk: "99.5", verdictVersion: 1, time: 0, dueAt: null, lateByMs: null, repeats: 0, note: null },
    ...changes,
  };
}

const trouble = { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "it stands still" };

/** Who is told of what. */
const told = (sinks: SinkConfig[], alerts: AlertRecord[], engineAlerts = [trouble]) =>
  noticesOf(sinks, "job", 1, { alerts, engineAlerts }).map(
    (notice) => `${notice.sink} ${notice.alert} ${notice.action}`,
  );

describe("notices", () => {
  it("of trouble of the engine go to who asks for them, and those of money to all others", () => {
    const sinks = [sink("ops"), sink("engine", { about: "engine" })];
    expect(told(sinks, [alert()])).toEqual(["ops a1 opened", "engine SOURCE_STALE/shop opened"]);
    expect(told([], [alert()])).toEqual([]);
  });

  it("are of the checks, classes and actions that are asked for", () => {
    const sinks = [
      sink("check", { checks: ["refunds"] }),
      sink("class", { classes: ["missing", "over-charge"] }),
      sink("action", { actions: ["resolved", "warned"] }),
    ];
    const alerts = [
      alert(),
      alert({ id: "a2", action: "resolved", class: "stale" }),
      alert({ id: "a3", action: "warned" }),
    ];
    expect(told(sinks, alerts)).toEqual([
      "class a1 opened",
      "action a2 resolved",
      "class a3 warned",
      "action a3 warned",
    ]);
  });

  it("are of amounts from the least on, exactly and by currency; that an alert is resolved is told always", () => {
    const sinks = [sink("ops", { minAtRisk: { EUR: "99.50", JPY: "100000" } })];
    const alerts = [
      alert({ id: "as-much" }),
      alert({ id: "less", atRisk: "99.4999999999999999" }),
      alert({ id: "far-more", atRisk: "9007199254740993.01" }),
      alert({ id: "yen", currency: "JPY", atRisk: "99999" }),
      alert({ id: "other", currency: "USD", atRisk: "0.01" }),
      alert({ id: "over", action: "resolved", atRisk: "0" }),
    ];
    expect(told(sinks, alerts, [])).toEqual([
      "ops as-much opened",
      "ops far-more opened",
      "ops other opened",
      "ops over resolved",
    ]);
  });

  it("have the same id for the same step, and another for each sink, version and epoch", () => {
    const idsOf = (epoch: number, version: number) =>
      noticesOf([sink("a"), sink("b")], "job", epoch, {
        alerts: [alert({ verdictVersion: version })],
        engineAlerts: [],
      }).map(({ id }) => id);
    expect(idsOf(1, 1)).toEqual(idsOf(1, 1));
    expect(new Set([...idsOf(1, 1), ...idsOf(1, 2), ...idsOf(2, 1)]).size).toBe(6);
  });
});
