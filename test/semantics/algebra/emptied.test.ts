import { describe, expect, it } from "vitest";
import type { AlgebraCase, InputRow } from "./format.ts";
import { type CaseHarness, runCase } from "./run-case.ts";
import { supportedCases } from "./unsupported.ts";

/** Longer than any window, interval, lateness and ttl of the cases. */
const LONG = 20_000_000;

const cases = supportedCases.filter(({ fails }) => fails === undefined);
const [clearing, keeping] = [cases.filter((one) => keeps(one) === undefined), cases.filter(keeps)];

describe("when all windows are closed, all ttls over and all rows of tables taken back", () => {
  it.each([...Map.groupBy(clearing, ({ operator }) => operator.kind)])("%s keeps nothing", async (_, ofOperator) => {
    const left = new Map<string, number>();
    let most = 0;
    for (const one of ofOperator) {
      const { keys, harness } = await runCase(one, { parallelism: () => 2, between: "barrier" });
      most = Math.max(most, ...keys);
      await closeAll(one, harness);
      if (harness.keys() > 0) left.set(one.name, harness.keys());
    }
    expect(Object.fromEntries(left)).toEqual({});
    expect(most, "keys with state on the way").toBeGreaterThan(0);
  });

  it.each(keeping.map((one) => [one.name, keeps(one)!, one] as const))("%s: %s", async (_name, _why, one) => {
    const { harness } = await runCase(one, { parallelism: () => 2, between: "nothing" });
    await closeAll(one, harness);
    expect(harness.keys()).toBeGreaterThan(0);
  });
});

/** Why a case's operator keeps something for ever, where it does. */
function keeps({ operator, steps }: AlgebraCase): string | undefined {
  const retracts = steps.some(([input]) => input.type === "row" && input.kind === "retract");
  switch (operator.kind) {
    case "deduplicate":
    case "top-n":
      return operator.ttl === undefined && !retracts ? "without a ttl each key is kept" : undefined;
    case "aggregate":
      return retracts ? undefined : "of a stream, without a ttl, each key is kept";
    case "window":
      return operator.assigner.type === "global" && operator.trigger?.type === "count" && !operator.trigger.purging
        ? "a global window that is neither purged nor gives a result at the end goes on"
        : undefined;
    case "process":
      return operator.function === "remember-and-tell-in-5" ? "the function never clears its state" : undefined;
    default:
      return undefined;
  }
}

/** Takes back what holds, and lets event and processing time go on; to the end, without which global windows are not closed. */
async function closeAll(one: AlgebraCase, harness: CaseHarness): Promise<void> {
  const time = LONG + latest(one);
  for (const row of holding(one)) await harness.step({ ...row, kind: "retract", time }, 0);
  await harness.step({ type: "watermark", time: time + LONG }, 0);
  await harness.step({ type: "processing-time", time: time + LONG }, 0);
  const isGlobal = one.operator.kind === "window" && one.operator.assigner.type === "global";
  if (isGlobal) await harness.step({ type: "end" }, 0);
}

/** Rows that were added and not taken back, of inputs that are changelogs. */
function holding({ operator, steps }: AlgebraCase): InputRow[] {
  if (operator.kind === "deduplicate") return [];
  const holds: InputRow[] = [];
  for (const [input] of steps) {
    if (input.type !== "row") continue;
    const same = (row: InputRow) => textOf(row) === textOf(input);
    if (input.kind === "add") holds.push(input);
    else holds.splice(holds.findIndex(same), holds.some(same) ? 1 : 0);
  }
  return holds;
}

const textOf = ({ input, key, id, value, number }: InputRow) => JSON.stringify([input, key, id, value, number]);

function latest({ steps }: AlgebraCase): number {
  const times = steps.flatMap(([input]) => ("time" in input && input.time !== "forever" ? [input.time] : []));
  return Math.max(0, ...times);
}
