import type { Profiler } from "node:inspector";

/** A function as it was called from its caller's, with all calls of it from there. */
export interface Call {
  readonly name: string;
  /** File and line; empty for what is V8's own. */
  readonly place: string;
  /** Time in it and in what it called, in µs. */
  readonly us: number;
  /** The longest first. */
  readonly calls: readonly Call[];
}

/** Who called whom in a profile, and for how long. Time in which the thread had nothing to do is left out. */
export function callTree({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Call {
  const own = new Map<number, number>();
  // A sample lasts until the next one is taken.
  for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + Math.max(0, timeDeltas[i + 1] ?? 0));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const done = new Map<number, Call>();
  // Children first, without recursion: stacks may be deep.
  for (const node of childrenFirst(nodes[0]!, byId)) {
    const calls = (node.children ?? []).map((id) => done.get(id)!).filter((call) => call.name !== "(idle)");
    const us = calls.reduce((sum, call) => sum + call.us, own.get(node.id) ?? 0);
    done.set(node.id, { ...labelOf(node), us, calls: calls.toSorted((one, other) => other.us - one.us) });
  }
  return done.get(nodes[0]!.id)!;
}

function childrenFirst(root: Profiler.ProfileNode, byId: ReadonlyMap<number, Profiler.ProfileNode>) {
  const order = [root];
  for (let i = 0; i < order.length; i++) for (const id of order[i]!.children ?? []) order.push(byId.get(id)!);
  return order.toReversed();
}

function labelOf({ callFrame: { functionName, url, lineNumber } }: Profiler.ProfileNode) {
  return { name: functionName || "(anonymous)", place: url === "" ? "" : `${url}:${lineNumber + 1}` };
}
