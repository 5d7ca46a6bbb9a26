import { expect, it } from "vitest";
import type { AlertHistory, MoneyAlert } from "../../connectors/desk/records.ts";
import { alertText, historyText } from "./alerts.ts";

const alert: MoneyAlert = {
  ...{ id: "a1", check: "payouts", key: "'B-1", class: "missing", currency: "EUR", period: "", state: "warning" },
  ...{ openedAt: 0, changedAt: 0, updates: 0, atRisk: "5.00", verdictVersion: 0, dueAt: 7_200_000, lateByMs: null },
  ...{ repeats: 0, note: null, handling: null },
};

const step = (action: AlertHistory["steps"][number]["action"], verdictVersion: number, time: number) => {
  return { action, verdictVersion, time, atRisk: "5.00", lateByMs: null };
};

it("tell of a warning without a verdict, which it has none of", () => {
  expect(alertText(alert)).toMatch(/^evidence {2}changed 0 times, the same 0 times; no verdict yet$/m);
  const steps = [
    step("warned", 0, 0),
    step("resolved", 0, 1_000),
    step("opened", 1, 2_000),
    step("resolved", 2, 3_000),
    step("warned", 4, 4_000),
    step("resolved", 4, 5_000),
  ];
  const said = historyText({ alert, steps, decisions: [], notifications: [] }).split("\n").slice(3);
  expect(
    said.map((line) =>
      line
        .trim()
        .replace(/^\S+ +/, "")
        .replace(", 5.00 EUR at risk", ""),
    ),
  ).toEqual([...["warned", "resolved", "opened by verdict 1", "resolved by verdict 2", "warned", "resolved"]]);
});
