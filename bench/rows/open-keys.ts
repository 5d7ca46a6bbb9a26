import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as yieldToEvents } from "node:timers/promises";
import { systemDisk } from "../../base/disk.ts";
import { systemClock } from "../../base/time.ts";
import { OUTPUTS } from "../../checks/records.ts";
import { DiskBackend } from "../../cli/disk-backend.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import { idOf, type Model } from "../../dataflow/model.ts";
import type { SourceOutput } from "../../dataflow/source.ts";
import paymentSettlement from "../../jobs/payment-settlement/job.ts";
import type { WorkerPart } from "../../runtime/worker.ts";
import { LocalWorker } from "../../runtime/worker-handle.ts";
import { StateStore } from "../../state/state-store.ts";
import { type BenchRow, cpuSince, type Measured } from "../row.ts";
import { CreatedRows, WrittenRows } from "../written-rows.ts";

const KEYS = Number(process.env.COUNTERCHECK_OPEN_KEYS ?? 5_000_000);
const STATE_MEMORY = 512 * (1 << 20);
const BATCH = 1_000;
const TURNS_PER_CHECKPOINT = 10;
const START = Date.UTC(2026, 0, 1);

/** Millions of payments that wait for their settlement: what state takes when it does not fit into memory. */
export const openKeys: BenchRow = {
  name: "open-keys",
  what: `${KEYS / 1e6} M captured payments, none settled, in state.memory of 512 MB: see the peak`,
  async measure(folder): Promise<Measured> {
    const dir = join(folder, "open-keys");
    rmSync(dir, { recursive: true, force: true });
    systemDisk.makeFolder(dir);
    const graph = paymentSettlement.graph();
    const payments = new Payments(modelsOf(graph).find(({ name }) => name === "Payment")!);
    const readers = [payments, new Ledger(payments)];
    const operators = graph.nodes.filter(({ type }) => type === "operator").length;
    const worker = new LocalWorker({
      graph,
      index: 0,
      parallelism: 1,
      readers,
      clock: systemClock,
      retainMs: 1e12,
      follow: true,
      backend: new DiskBackend({
        store: new StateStore({ disk: systemDisk, dir, prefix: "bench", memoryBytes: STATE_MEMORY * 0.6 }),
        cacheBytes: (STATE_MEMORY * 0.2) / operators,
        timers: { disk: systemDisk, dir, prefix: "timers" },
      }),
      groups: new Map(readers.map(({ source }, group) => [`${source} rows/0`, group])),
      allowDroppedState: false,
      applyDecision: () => [],
    });
    const startedAt = performance.now();
    const cpuAtStart = process.cpuUsage();
    let emitted = 0;
    await worker.start(undefined);
    for (let turn = 1; payments.written < KEYS; turn++) {
      worker.turn();
      if (turn % TURNS_PER_CHECKPOINT === 0) emitted += verdictsOf(await checkpointOf(worker));
    }
    emitted += verdictsOf(await checkpointOf(worker));
    const correct = worker.status().operators[0]!.keys === KEYS && emitted === 0;
    const cpuSeconds = cpuSince(cpuAtStart);
    const seconds = (performance.now() - startedAt) / 1000;
    await worker.close();
    rmSync(dir, { recursive: true, force: true });
    return { events: KEYS, cpuSeconds, seconds, correct };
  },
};

/** Takes a checkpoint while the stream goes on. */
async function checkpointOf(worker: LocalWorker): Promise<WorkerPart> {
  let isWritten = false;
  const part = worker.checkpoint().finally(() => {
    isWritten = true;
  });
  while (!isWritten) {
    worker.turn();
    await yieldToEvents();
  }
  return part;
}

function verdictsOf({ outbox }: WorkerPart): number {
  return outbox.filter((each) => each.kind === "emit" && each.output === OUTPUTS.verdicts).length;
}

/** Captured payments, one every millisecond of event time. */
class Payments extends WrittenRows {
  readonly source = "shop";
  written = 0;
  readonly #model: Model;
  readonly #rows: CreatedRows;

  constructor(payment: Model) {
    super();
    this.#model = payment;
    this.#rows = new CreatedRows(payment, BATCH);
  }

  read(_split: number, _maxBytes: number, output: SourceOutput): boolean {
    const { batch } = this.#rows;
    if (this.written === KEYS) return false;
    batch.clear();
    for (; batch.count < BATCH && this.written < KEYS; this.written++) this.#write(this.written);
    output.changes(this.#model, 0, batch);
    output.progress(0, START + this.written);
    return true;
  }

  #write(number: number): void {
    const amount = { minor: BigInt(100 + (number % 100_000)), currency: "EUR" };
    const values = { paymentId: idOf(800_000_000_000_000_000n + BigInt(number)), status: "captured", amount };
    this.#rows.create(number, START + number, { ...values, capturedAt: START + number });
  }
}

/** Proves that it has been read as far as the payments, and brings nothing. */
class Ledger extends WrittenRows {
  readonly source = "ledger";
  readonly #payments: Payments;
  #through = 0;

  constructor(payments: Payments) {
    super();
    this.#payments = payments;
  }

  read(_split: number, _maxBytes: number, output: SourceOutput): boolean {
    const { written } = this.#payments;
    if (this.#through === written) return false;
    this.#through = written;
    output.progress(0, START + written);
    return true;
  }
}
