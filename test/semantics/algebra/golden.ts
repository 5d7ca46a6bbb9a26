import { expect } from "vitest";
import type { AlgebraCase, Output, StepInput } from "./format.ts";

/** Expects of each step what the case says, as a sequence per key. Differences show as lines of the case's table. */
export function expectGolden({ steps, order }: AlgebraCase, outputs: readonly (readonly Output[])[]): void {
  const golden: string[] = [];
  const actual: string[] = [];
  for (const [index, [input, ...expected]] of steps.entries()) {
    const [want, have] = [byKey(expected, order), byKey(outputs[index] ?? [], order)];
    golden.push(inputText(index, input));
    actual.push(inputText(index, input));
    for (const key of [...new Set([...want.keys(), ...have.keys()])].sort()) {
      const rows = want.get(key) ?? [];
      golden.push(...rows.map((row) => `${key} ${outputText(row)}`));
      actual.push(...(have.get(key) ?? []).map((row, at) => `${key} ${outputText(row, rows[at])}`));
    }
  }
  expect(actual).toEqual(golden);
}

/** Outputs by side output and key; in the order in which they came, or, where a case promises none, in one of their own. */
function byKey(outputs: readonly Output[], order: AlgebraCase["order"]): Map<string, readonly Output[]> {
  const groups = Map.groupBy(outputs, ({ key, output }) => `  ${output ?? "->"} ${key}:`);
  if (order === undefined) return groups;
  return new Map([...groups].map(([key, rows]) => [key, rows.toSorted(byText)]));
}

function byText(left: Output, right: Output): number {
  const [ofLeft, ofRight] = [outputText(left), outputText(right)];
  return ofLeft < ofRight ? -1 : ofLeft > ofRight ? 1 : 0;
}

function inputText(index: number, input: StepInput): string {
  return `${index} ${Object.values(input).join(" ")}`;
}

/** A row that came out; its time only where `like` has one too. */
function outputText({ kind, values, time }: Output, like?: Output): string {
  const shown = Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const isTimed = time !== undefined && (like === undefined || like.time !== undefined);
  return `${kind} ${shown.join(" ")}${isTimed ? ` @${time}` : ""}`;
}
