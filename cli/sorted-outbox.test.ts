import { expect, it } from "vitest";
import { alert, count, verdict } from "./outputs.test-helper.ts";
import { sortOutbox } from "./sorted-outbox.ts";

const counted = (check: string, minute: number, pass: number, pending: number) =>
  ({ kind: "emit", output: "counts", record: { check, minute, pass, pending } }) as const;

it("sorts an outbox by where its records go, in the order in which they were emitted", () => {
  const sorted = sortOutbox([verdict("1", 1), alert("1", 1), verdict("2", 1), count(5)]);
  expect(sorted.verdicts.map(({ key }) => key)).toEqual(["1", "2"]);
  expect(sorted.alerts.map(({ key }) => key)).toEqual(["1"]);
});

it("adds up what was counted of a check in a minute", () => {
  const { counts } = sortOutbox([
    counted("a", 0, 5, 1),
    counted("b", 0, 1, 0),
    counted("a", 60_000, 2, 0),
    counted("a", 0, 3, 1),
  ]);
  expect(counts).toEqual([
    { check: "a", minute: 0, pass: 8, pending: 2 },
    { check: "a", minute: 60_000, pass: 2, pending: 0 },
    { check: "b", minute: 0, pass: 1, pending: 0 },
  ]);
});
