import { describe, it } from "vitest";
import { expectCase } from "./expect-case.ts";
import { notRestored, supportedCases } from "./unsupported.ts";

describe("a case with a checkpoint after every step, from which it goes on", () => {
  it.each(supportedCases)("$name", (one) => {
    const between = one.name in notRestored ? "barrier" : "restore";
    return expectCase(one, { parallelism: () => 1, between });
  });
});
