import { describe, expect, it } from "vitest";
import { algebraCases } from "./cases.ts";
import { expectCase, expectOtherwise } from "./expect-case.ts";
import type { Way } from "./run-case.ts";
import { supportedCases, unsupported } from "./unsupported.ts";

const whole: Way = { parallelism: () => 1, between: "nothing" };

describe("a case that runs whole", () => {
  it.each(supportedCases)("$name", (one) => expectCase(one, whole));
});

const few = Object.entries(unsupported);

describe(`${few.length} of ${algebraCases.length} cases, which no builder can express`, () => {
  it.each(few)("%s: %s", async (name) => {
    const one = algebraCases.find((each) => each.name === name);
    expect(one, "is a case").toBeDefined();
    await expectOtherwise(one!, whole);
  });
});
