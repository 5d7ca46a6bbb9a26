import { join } from "node:path";
import type { Finding } from "../findings.ts";
import type { Peer, PeerPlace, RunningPeer } from "../peer.ts";
import type { Mismatch } from "../plain-node.ts";
import { PeerChild } from "./child.ts";

/** What a team writes in an afternoon. */
export const plainNodePeer: Peer = {
  name: "plain-node",
  what: "kafkajs, avsc with the fields that are needed and a Map: no guarantees, no deadlines, told once at the end",
  start,
};

async function start({ set }: PeerPlace): Promise<RunningPeer> {
  const args = [set.brokers.join(","), set.prefix, set.schemas];
  const child = new PeerChild<readonly Mismatch[]>(join(import.meta.dirname, "plain-node-main.ts"), args);
  return {
    processes: [child.pid],
    read: async () => child.read,
    findings: async () => (child.last ?? []).flatMap(findingOf),
    failure: async () => child.failure,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Whether more is to come of a payment cannot be told without deadlines; here everything is over. */
function findingOf({ payment, currency, expected, settled }: Mismatch): Finding[] {
  if (expected === 0) return [];
  const name = settled === 0 ? "missing" : settled < expected ? "under-charge" : "over-charge";
  return [{ payment, currency, class: name, amount: Math.abs(settled - expected) / 100 }];
}
