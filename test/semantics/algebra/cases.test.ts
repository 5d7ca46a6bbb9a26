import { describe, expect, it } from "vitest";
import { algebraCases } from "./cases.ts";
import type { AlgebraCase, Output, Step } from "./format.ts";

describe("the published cases", () => {
  it("have names of their own", () => {
    const names = algebraCases.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("name product, commit and method of their source", () => {
    const named = /^Apache (Flink [0-9a-f]{8}|Kafka [0-9a-f]{8} \(4\.0\.0-SNAPSHOT\)), \w+(Test|TestBase|ITCase)\.\w+/;
    expect(algebraCases.filter(({ source }) => !named.test(source)).map(({ source }) => source)).toEqual([]);
  });

  it("are data that JSON can hold", () => {
    expect(JSON.parse(JSON.stringify(algebraCases))).toEqual(algebraCases);
  });

  it("give rows only for keys that came in", () => {
    expect(strangers(algebraCases)).toEqual([]);
  });

  it("take back only what they gave before, and each of it once", () => {
    expect(algebraCases.flatMap(neverGiven)).toEqual([]);
  });

  it("have clocks that do not go back", () => {
    expect(algebraCases.flatMap(clocksGoBack)).toEqual([]);
  });
});

function strangers(cases: readonly AlgebraCase[]): string[] {
  return cases
    .filter(({ steps }) => {
      const keys = new Set(steps.flatMap(([input]) => (input.type === "row" ? [input.key] : [])));
      return steps.some(([, ...outputs]) => outputs.some(({ key }) => !keys.has(key)));
    })
    .map(({ name }) => name);
}

/** Rows that a case takes back though they do not hold: forgotten rows are no exception, they are not taken back. */
function neverGiven({ name, steps }: AlgebraCase): string[] {
  const holds = new Map<string, number>();
  return outputsOf(steps).flatMap((output) => {
    const row = JSON.stringify([output.key, output.values]);
    const count = (holds.get(row) ?? 0) + (output.kind === "add" ? 1 : -1);
    holds.set(row, count);
    return count < 0 ? [`${name}: ${row}`] : [];
  });
}

function outputsOf(steps: readonly Step[]): readonly Output[] {
  return steps.flatMap(([, ...outputs]) => outputs);
}

/** The clock never goes back; a watermark may, in cases about that. */
function clocksGoBack({ name, steps }: AlgebraCase): string[] {
  let now = 0;
  return steps.flatMap(([input], index) => {
    if (input.type !== "processing-time") return [];
    const back = input.time < now;
    now = input.time;
    return back ? [`${name}: step ${index}`] : [];
  });
}
