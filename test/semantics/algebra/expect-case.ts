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

/** Expects of a case, run in a way, that it runs, and that what it gives is not what its table says. */
export async function expectOtherwise(one: AlgebraCase, way: Way): Promise<void> {
  const difference: unknown = await expectCase(one, way).catch((error: unknown) => error);
  expect(difference, "gives what its table says: take it out of the list").toBeDefined();
  // Anything else that is thrown, such as a refusal to build the job, is no other result.
  expect(difference).toMatchObject({ name: "AssertionError" });
}
