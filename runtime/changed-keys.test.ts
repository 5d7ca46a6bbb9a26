import { describe, expect, it } from "vitest";
import { ChangedKeys } from "./changed-keys.ts";

describe("changed keys", () => {
  it("tell everybody who has the memory when a key changed, never too early", () => {
    const memory = ChangedKeys.memory(1_000);
    const [one, other] = [new ChangedKeys(memory), new ChangedKeys(memory)];
    expect(other.lastChange("7")).toBe(0);
    for (const at of [1_000, 1_007, 1_500, 60_000_000_000]) {
      one.mark("7", at);
      expect(other.lastChange("7")).toBeGreaterThan(at);
      expect(other.lastChange("7") - at).toBeLessThanOrEqual(16);
    }
    expect(other.lastChange("8")).toBe(0);
  });
});
