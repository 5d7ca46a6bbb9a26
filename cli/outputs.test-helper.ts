import { expect } from "vitest";
import type { RunStart } from "../connectors/desk/records.ts";
import type { Graph } from "../dataflow/graph.ts";
import { encodeOutbox } from "../runtime/checkpoint/outbox-codec.ts";
import type { OutboxRecord } from "../runtime/outbox.ts";
import type { VerdictRecord } from "../schemas/contracts.ts";
import { type Delivery, type DeliveryPoint, type OutputsOptions, RunOutputs } from "./outputs.ts";

/** A job with a model, a check behind it, and a sink of its own. */
export const GRAPH = {
  name: "settlement",
  nodes: [
    { type: "operator", uid: "check", inputs: [{ type: "changes", model: { name: "Payment" } }] },
    { type: "sink", sink: "totals" },
  ],
} as unknown as Graph;

export const NOON = Date.UTC(2026, 10, 22, 12);
export const clock = { now: () => NOON };

export function verdict(key: string, version: number): OutboxRecord {
  const record: VerdictRecord = {
    id: `${key}/${version}`, check: "check", key, currency: "EUR", period: "", version, status: "fail", class: "missing",
    time: NOON + version, baseline: false, atRisk: "1.00", lower: "1.00", upper: "1.00", actual: "0.00", legs: [],
    reason: null,
  note: null, rule: { expression: "a = b", version: 1, hash: "h" }, contributions: [], omitted: 0, digest: "d",
  }; // biome-ignore format: one look is enough
  return { kind: "emit", output: "verdicts", record };
}

export function alert(key: string, verdictVersion: number): OutboxRecord {
  const record = {
    id: key, action: verdictVersion === 1 ? "opened" : "updated", check: "check", key, class: "missing", currency: "EUR",
    period: "", atRisk: "1.00", verdictVersion, time: NOON, dueAt: null, lateByMs: null, repeats: 1, note: null,
  }; // biome-ignore format: one look is enough
  return { kind: "emit", output: "alerts", record };
}

export function fault(offset: number): OutboxRecord {
  const place = { source: "shop", table: "payments", topic: "payments", partition: 0, offset };
  const content = { code: "AVRO_CORRUPT", message: "", key: null, value: new Uint8Array([1]) };
  return { kind: "fault", fault: { id: `payments/0/${offset}`, ...place, ...content } };
}

export const stale: OutboxRecord = {
  kind: "engine-alert",
  alert: { id: "SOURCE_STALE/shop", code: "SOURCE_STALE", source: "shop", message: "" },
};
export const count = (pass: number): OutboxRecord => ({
  kind: "emit",
  output: "counts",
  record: { check: "check", minute: 0, pass, pending: 1 },
});
export const total = (sum: bigint): OutboxRecord => ({ kind: "emit", output: "totals", record: { sum } });
export const suspension: OutboxRecord = {
  kind: "suspension",
  suspension: {
    id: "payments/0/9", source: "shop", table: "payments", models: ["Payment"], cause: "truncate", message: "gone",
    time: NOON,
  },
}; // biome-ignore format: one look is enough

/** What a run emits from checkpoint to checkpoint. */
export const OUTBOXES: readonly OutboxRecord[][] = [
  [verdict("a", 1), alert("a", 1), verdict("b", 1), fault(1), stale, count(5), total(1n)],
  [],
  [verdict("a", 2), alert("a", 2), count(2), count(3), stale, total(2n), total(3n), suspension],
  [verdict("a", 3), verdict("c", 1), alert("c", 1), fault(2), fault(3), stale, count(7), total(4n)],
  [verdict("b", 2), alert("b", 1), count(1), total(5n)],
];

/** A run with its checkpoints, which survive its deaths. It is started again and again until it comes to its end. */
export class Run {
  outputs!: RunOutputs;
  /** Newest last. */
  readonly checkpoints: Delivery[] = [];
  readonly #dir: string;
  readonly #outboxes: OutboxRecord[][];
  #attempt = 0;
  #lastNumber = 0;

  constructor(dir: string, outboxes: readonly OutboxRecord[][] = OUTBOXES) {
    this.#dir = dir;
    this.#outboxes = [...outboxes];
  }

  /** Begins, or goes on from the newest checkpoint. */
  async start(options: Partial<OutputsOptions> = {}): Promise<void> {
    this.#attempt++;
    const newest = this.checkpoints.at(-1);
    const start: RunStart = newest === undefined ? "afresh" : "on";
    this.outputs = await RunOutputs.open(this.#dir, GRAPH, { clock, start, since: newest?.before, ...options });
    if (newest !== undefined) await this.outputs.recover(newest);
  }

  /** Takes a checkpoint of what comes next, and delivers it. */
  async checkpoint(): Promise<void> {
    const checkpoint = ++this.#lastNumber;
    const before = JSON.parse(JSON.stringify(this.outputs.position()));
    const records = this.#outboxes.shift()!;
    encodeOutbox(records, 1);
    const delivery = { epoch: 1, attempt: this.#attempt, checkpoint, records, before, takenAt: NOON + checkpoint };
    this.checkpoints.push(delivery);
    await this.outputs.deliver(structuredClone(delivery));
  }

  async toEnd(): Promise<void> {
    while (this.#outboxes.length > 0) await this.checkpoint();
    expect(this.outputs.position().ahead).toEqual([]);
    await this.outputs.complete(NOON);
    await this.outputs.close({ state: "complete", code: null });
  }

  /** The newest checkpoint was damaged: what came since the one before is emitted again, in other parts. */
  loseNewest(): void {
    const again = [...this.checkpoints.pop()!.records, ...this.#outboxes.splice(0).flat()];
    this.#lastNumber = this.checkpoints.at(-1)!.checkpoint;
    const middle = again.length >> 1;
    this.#outboxes.push(again.slice(0, middle), again.slice(middle));
  }

  async die(): Promise<void> {
    // Its disk may be gone.
    await this.outputs?.close({ state: "failed", code: null }).catch(() => undefined);
  }
}

/** Dies when a point is reached for the n-th time. */
export function killAt(at: DeliveryPoint, n: number): (point: DeliveryPoint) => void {
  let times = 0;
  return (point) => {
    if (point === at && ++times === n) throw new Error("killed");
  };
}
