import { days } from "../../base/time.ts";
import { FolderRegistry } from "../../schemas/folder-registry.ts";
import type { ShopTruth } from "../../shop/truth.ts";
import { openShopTopics, shopTopics, whyNoKafka } from "../kafka-topics.ts";
import { type Mismatch, plainNode } from "../peers/plain-node.ts";
import { Phases } from "../phases.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";

/** Behind this long after its newest capture or refund, a payment waits for nothing any more. */
const LONGEST_WAIT = days(5);

/** What a team would write today, without any guarantee, over the same topics; heartbeats are nothing to it. */
export const plainNodeRow: BenchRow = {
  name: "plain-node",
  what: "the same join with kafkajs, avsc and a Map: no checkpoints, no deadlines, mismatches once at the end",
  leavesHeapAlone: true,
  whyNot: whyNoKafka,
  needs: openShopTopics,
  measure,
};

async function measure(folder: string): Promise<Measured> {
  const { brokers, prefix, schemas, truth, events } = shopTopics(folder);
  const registry = new FolderRegistry(schemas);
  const phases = new Phases(events);
  const startedAt = performance.now();
  const cpuAtStart = process.cpuUsage();
  const { records, mismatches } = await plainNode({
    brokers,
    group: `${prefix}plain-node`,
    topics: {
      payments: `${prefix}maria.shop.payments`,
      refunds: `${prefix}maria.shop.refunds`,
      lines: `${prefix}pg.public.settlement_lines`,
    },
    schema: async (id) => (await registry.schemaById(id)) as object,
    onRead: (count) => phases.read(count),
  });
  const cpuSeconds = cpuSince(cpuAtStart);
  const seconds = (performance.now() - startedAt) / 1000;
  return { events: records, cpuSeconds, seconds, correct: isRight(truth, mismatches), beside: phases.figures() };
}

/**
 * Every fault that is there to the end and is one of sums must have been found, and what has waited for long enough must be
 * one that is known. What may still come cannot be told from what never will: that takes deadlines.
 */
function isRight(truth: ShopTruth, mismatches: readonly Mismatch[]): boolean {
  const found = new Set(mismatches.map(({ payment, currency }) => `${payment} ${currency}`));
  const sums = truth.faults.filter(
    ({ check, class: name, resolves }) =>
      check === "payment-settlement" && !resolves && ["missing", "under-charge", "over-charge"].includes(name),
  );
  const missed = sums.filter(({ key, currency }) => !found.has(`${key} ${currency}`));
  const known = new Set([...truth.faults, ...truth.notDue, ...truth.baseline].map(({ key }) => key));
  // A line without a capture may be ahead of it.
  const old = mismatches.filter(({ newest }) => newest > 0 && newest + LONGEST_WAIT < truth.endTime);
  const wrong = old.filter(({ payment }) => !known.has(payment));
  if (missed.length + wrong.length > 0) process.stderr.write(`${JSON.stringify({ missed, wrong }).slice(0, 2000)}\n`);
  return sums.length > 0 && missed.length === 0 && wrong.length === 0;
}
