import { expect, it } from "vitest";
import type { Entry } from "../row-set.ts";
import { type KeyView, NO_MONEY } from "../rule.ts";
import { Comparison } from "./comparison.ts";
import { ReplicaRule } from "./replica-rule.ts";

it("judges a key of more rows than a call takes arguments", () => {
  const rule = new ReplicaRule({
    uid: "accounts",
    legs: [],
    skewMs: 0,
    version: 1,
    retainMs: 0,
    emitAll: false,
    expression: "",
    settings: "",
    failAfterMs: 30,
    direction: "oldToNew",
    comparison: new Comparison([]),
    waits: () => true,
  });
  const entries = Array.from({ length: 200_000 }, (_, at) => oldRow(at));
  const view: KeyView = {
    key: "1",
    point: 300_000,
    entries,
    totals: [],
    isDue: () => true,
    firstMissed: () => null,
    own: "",
    referenceRows: () => [],
    wakeAt: Number.POSITIVE_INFINITY,
  };
  const [judgement] = rule.judge(view);
  expect(judgement).toMatchObject({ status: "fail", class: "missing-in-new" });
  expect(rule.missedDeadline(judgement!, view)).toBe(199_999 + 30);
});

function oldRow(at: number): Entry {
  const row = String(at);
  const id = `0/0/${row}`;
  const from = { id, input: 0, table: 0, row, major: 0, minor: at, sub: 0, time: at, seed: null, fields: [] };
  return { leg: 0, side: "expect", captures: true, currency: NO_MONEY, minor: 0n, dueAt: at + 30, from };
}
