import { expect } from "vitest";
import type { AlgebraCase } from "./format.ts";
import { expectGolden } from "./golden.ts";
import { runCase, type Way } from "./run-case.ts";

/** Expects of a case, run in a way, its outputs, whether it fails, and that nothing is kept where it says so. */
export async function expectCase(one: AlgebraCase, way: Way): Promise<void> {
  const { outputs, error, harness } = await runCase(one, way);
  expectGolden(one, outputs);
  expect(error === undefined ? "goes on" : "fails", String(error)).toBe(one.fails ? "fails" : "goes on");
  if (one.stateAfter === "empty") expect(harness.keys(), "keys with state").toBe(0);
}
