import { expect, it } from "vitest";
import type { OutboxRecord } from "../runtime/outbox.ts";
import { Tally } from "./tally.ts";

const emit = (output: string, record: unknown): OutboxRecord => ({ kind: "emit", output, record });
const alert = (id: string, action: string) => emit("alerts", { id, action });
const stale = { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "" };
const outboxes: OutboxRecord[][] = [
  [emit("verdicts", {}), alert("a", "opened"), alert("b", "opened"), { kind: "engine-alert", alert: stale }],
  [{ kind: "fault", fault: {} as never }, emit("verdicts", {}), alert("a", "resolved")],
  [alert("b", "resolved"), alert("a", "reopened"), { kind: "engine-alert", alert: stale }, emit("engine", stale)],
];
const shown = (tally: Tally) => {
  const { verdicts, alerts, faults, openAlerts } = tally;
  return { verdicts, alerts, faults, openAlerts, engineAlerts: tally.engineAlerts() };
};

it("counts the same over a run that is gone on with as over one that was never stopped", () => {
  const whole = new Tally();
  for (const records of outboxes) whole.observe(records);
  expect(shown(whole)).toEqual({ verdicts: 2, alerts: 3, faults: 1, openAlerts: 1, engineAlerts: [stale] });

  let saved = JSON.parse(JSON.stringify(new Tally().save()));
  for (const records of outboxes) {
    const part = new Tally();
    part.restore(saved);
    part.observe(records);
    saved = JSON.parse(JSON.stringify(part.save()));
  }
  const last = new Tally();
  last.observe(outboxes[0]!);
  last.restore(saved);
  expect(shown(last)).toEqual(shown(whole));
});

it("counts an alert that was only warned of nowhere", () => {
  const tally = new Tally();
  tally.observe([alert("a", "warned"), alert("b", "warned"), alert("b", "opened"), alert("a", "resolved")]);
  expect(shown(tally)).toMatchObject({ alerts: 1, openAlerts: 1 });
});
