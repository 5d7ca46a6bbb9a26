import { describe, expect, it } from "vitest";
import { expectCase, expectOtherwise } from "./expect-case.ts";
import { notRestored, supportedCases } from "./unsupported.ts";

const PARALLELISMS = [1, 3, 2];

const parallelism = (step: number): number => PARALLELISMS[step % PARALLELISMS.length]!;

describe("a case that goes on at another parallelism after every step", () => {
  it.each(supportedCases.filter(({ name }) => !(name in notRestored)))("$name", (one) =>
    expectCase(one, { parallelism, between: "restore" }),
  );
});

describe("a case that no run goes on with as before", () => {
  it.each(Object.entries(notRestored))("%s: %s", async (name) => {
    const one = supportedCases.find((each) => each.name === name);
    expect(one, "is a case").toBeDefined();
    await expectOtherwise(one!, { parallelism, between: "restore" });
  });
});
