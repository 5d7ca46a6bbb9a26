import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layout } from "../../base/batch.ts";
import { systemDisk } from "../../base/disk.ts";
import { assert } from "../../base/errors.ts";
import { days, hours } from "../../base/time.ts";
import { job } from "../../checks/job.ts";
import { changeLayout } from "../../dataflow/change-layout.ts";
import type { Node } from "../../dataflow/graph.ts";
import { minus } from "../../dataflow/leg.ts";
import type { TaskFormat } from "../../flink/socket-task.ts";
import { Payment, Refund, SettlementLine } from "../../jobs/payment-settlement/models.ts";
import { ChainTask } from "../../runtime/chain-task.ts";
import { planOf } from "../../runtime/plan.ts";
import { StateStore } from "../../state/state-store.ts";
import { TimerQueue } from "../../state/timer-queue.ts";
import { readRows } from "./rows.ts";

/** The check of payments alone, so that there is one keyed task. */
export const graph = job("payment-settlement", (env) => {
  const succeeded = env.changes(Refund).where({ status: "succeeded" });
  const lines = env.changes(SettlementLine);
  env.reconcile("payment-settlement", {
    by: "paymentId",
    expect: {
      captured: env.changes(Payment).where({ status: "captured" }).sum("amount"),
      refunded: minus(succeeded.where({ kind: "refund" }).sum("amount").within(days(5))),
      reversed: minus(succeeded.where({ kind: "reversal" }).sum("amount").within(days(5))),
    },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
  });
}).graph();
const plan = planOf(graph);
/** The task that Flink hosts: the keyed one. */
const HOSTED = 1;
export const hosted = plan.tasks[HOSTED]!;

/** How rows and records of the hosted task are written. It has no outputs but its records. */
export const format: TaskFormat = {
  inputs: inputEdges().map(({ from }) => layoutOf(from)),
  readRows: (_input, from, into) => readRows(from, into),
  writeRows: () => assert(false, "the task has no outputs"),
  writeRecord: (_tag, record, out) => {
    const json = Buffer.from(JSON.stringify(record));
    out.raw(json, 0, json.length);
  },
};

/** The hosted task with its state in a folder of its own, and what removes that. */
export function makeHostedTask(): { readonly task: ChainTask; dispose(): void } {
  const dir = mkdtempSync(join(tmpdir(), "countercheck-flink-"));
  const store = new StateStore({ disk: systemDisk, dir, prefix: "task", memoryBytes: 64 * 1024 * 1024 });
  const task = new ChainTask(hosted, { store, cacheBytes: 4 * 1024 * 1024, timerQueue: () => new TimerQueue() });
  return {
    task,
    dispose() {
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** What feeds each input of the hosted task, in order. */
export function inputEdges() {
  const edges = plan.tasks.flatMap(({ outputs }) => outputs.filter(({ toTask }) => toTask === HOSTED));
  return edges.sort((left, right) => left.toInput - right.toInput);
}

/** Filters keep the layout of the changelog that they read. */
function layoutOf(node: Node): Layout {
  return node.type === "changes" ? changeLayout(node.model) : layoutOf(node.inputs[0]!);
}
