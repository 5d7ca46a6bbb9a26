import { describe, expect, it } from "vitest";
import type { Config } from "../config.ts";
import { HOOK } from "./results.test-helper.ts";
import { unsupportedOnCluster } from "./unsupported.ts";

const KAFKA = { kafka: {}, group: "countercheck.", start: "earliest" };

/** A configuration that the cluster takes, with changes. */
function problems(changes: object): string[] {
  const config = {
    sources: [{ name: "shop", input: KAFKA }],
    results: { kafka: {}, prefix: "countercheck." },
    reread: [],
    notify: [HOOK],
    state: { checkpointEveryMs: 600_000 },
    ...changes,
  };
  return unsupportedOnCluster(config as unknown as Config);
}

describe("what has no place on the cluster", () => {
  it("is nothing of a configuration that reads and writes topics, and tells webhooks", () => {
    expect(problems({})).toEqual([]);
  });

  it.each([
    [{ sources: [{ name: "shop", input: { folder: "/log" } }] }, /^sources\.shop\.log: .*`kafka`/],
    [{ results: undefined }, /^results: .*`kafka`/],
    [{ reread: [{}] }, /^reread: /],
    [{ state: { checkpointEveryMs: 600_001 } }, /^state\.checkpointEvery: .*10m/],
    [{ notify: [{ ...HOOK, to: { kind: "kafka", topic: "t" } }] }, /^notify\.pager\.kafka: /],
    [{ notify: [{ ...HOOK, to: { ...HOOK.to, acts: true } }] }, /^notify\.pager\.webhook\.acts: .*`lock`/],
  ])("is named with its place: %j", (changes, says) => {
    expect(problems(changes)).toEqual([expect.stringMatching(says)]);
  });
});
