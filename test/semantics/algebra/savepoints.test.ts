import { describe, expect, it } from "vitest";
import { runWithSavepoints } from "./embedded-run.ts";
import { expectGolden } from "./golden.ts";
import { notRestored, supportedCases } from "./unsupported.ts";

const cases = supportedCases.filter(
  ({ name, steps }) => !(name in notRestored) && !steps.some(([input]) => input.type === "processing-time"),
);

describe("a case whose run goes on from savepoints, at another parallelism each time", () => {
  it.each(cases)("$name", async (one) => {
    const { outputs, keys } = await runWithSavepoints(one, [1, 3, 2]);
    const golden = one.steps.flatMap(([, ...expected]) => expected);
    expectGolden({ ...one, steps: [[{ type: "end" }, ...golden]] }, [outputs]);
    if (one.stateAfter === "empty") expect(keys, "keys with state").toBe(0);
  });
});
