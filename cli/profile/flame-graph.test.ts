import type { Profiler } from "node:inspector";
import { describe, expect, it } from "vitest";
import { callTree } from "./call-tree.ts";
import { flameGraph } from "./flame-graph.ts";

/** `main` calls `decode` and `judge`, for 1 ms and 3 ms; then the thread waits for 6 ms. */
const profile: Profiler.Profile = {
  nodes: [
    node(1, "(root)", "", [2, 5]),
    node(2, "main", "file:///job.ts", [3, 4]),
    node(3, "decode", "node:buffer", []),
    node(4, "judge<T>", "file:///job/node_modules/it/index.js", []),
    node(5, "(idle)", "", []),
  ],
  startTime: 0,
  endTime: 10_000,
  samples: [3, 4, 4, 4, 5, 5],
  timeDeltas: [0, 1_000, 1_000, 1_000, 1_000, 6_000],
};

describe("a flame graph", () => {
  it("counts the time from each sample to the next, but not that in which nothing was to be done", () => {
    const root = callTree(profile);
    expect(root.us).toBe(4_000);
    expect(root.calls.map(({ name, us }) => [name, us])).toEqual([["main", 4_000]]);
    expect(root.calls[0]!.calls.map(({ name, us }) => [name, us])).toEqual([
      ["judge<T>", 3_000],
      ["decode", 1_000],
    ]);
  });

  it("shows each call as wide as its share, below its caller", () => {
    const svg = flameGraph("worker-0", profile);
    expect(svg).toContain("worker-0: at work for 0.0 s of 0.0 s");
    const boxes = [
      ...svg.matchAll(/<title>([^\n]*)\n.*?<rect class="(\w+)" x="([\d.]+)" y="(\d+)" width="([\d.]+)"/gs),
    ];
    const found = boxes.map(([, title, kind, x, y, width]) => [title, kind, Number(x), Number(y), Number(width)]);
    expect(found).toContainEqual(["main file:///job.ts:8", "job", 10, 55, 1_400]);
    expect(found).toContainEqual(["judge&lt;T&gt; file:///job/node_modules/it/index.js:8", "package", 10, 72, 1_050]);
    expect(found).toContainEqual(["decode node:buffer:8", "node", 1_060, 72, 350]);
  });

  it("of a thread that did nothing is one", () => {
    expect(flameGraph("idle", { nodes: [node(1, "(root)", "", [])], startTime: 0, endTime: 1 })).toContain("0.0 s");
  });
});

function node(id: number, functionName: string, url: string, children: number[]): Profiler.ProfileNode {
  return { id, callFrame: { functionName, scriptId: "0", url, lineNumber: 7, columnNumber: 0 }, hitCount: 0, children };
}
