import { days, hours } from "../../base/time.ts";
import { type Job, job } from "../../checks/job.ts";
import { minus } from "../../dataflow/leg.ts";
import { id, idOf, instant, integer, model, money, table, text } from "../../dataflow/model.ts";
import { list, map, value } from "../../dataflow/process/state-spec.ts";

const Payment = model("Payment", {
  from: table("shop", "payments"),
  fields: { id: id(), paymentId: id(), status: text(), amount: money(), capturedAt: instant() },
  businessTime: "capturedAt",
});
const Refund = model("Refund", {
  from: table("shop", "refunds"),
  fields: { paymentId: id(), kind: text(), status: text(), amount: money(), refundedAt: instant() },
  businessTime: "refundedAt",
});
const SettlementLine = model("SettlementLine", {
  from: table("ledger", "settlement_lines"),
  fields: { paymentId: id(), net: money(), fee: money(), bookedAt: instant() },
  businessTime: "bookedAt",
});

const WINDOW = hours(6);
const REMEMBERED = hours(30);

/**
 * The check of payments and settlement, and beside it two process functions, one behind the other, which use every kind of
 * state, timers and ttl. All that they emit depends on the set of changes alone: what a timer looks at is
 * told by time, and what is behind its own time it leaves out.
 */
export const simulatedJob: Job = job("simulated", (env) => {
  const payments = env.changes(Payment);
  const succeeded = env.changes(Refund).where({ status: "succeeded" });
  const lines = env.changes(SettlementLine);

  env.reconcile("payment-settlement", {
    by: "paymentId",
    expect: {
      captured: payments.where({ status: "captured" }).sum("amount"),
      refunded: minus(succeeded.where({ kind: "refund" }).sum("amount").within(days(5))),
      reversed: minus(succeeded.where({ kind: "reversal" }).sum("amount").within(days(5))),
    },
    actual: { settled: lines.sum("net"), fees: lines.sum("fee") },
    missingAfter: hours(24),
  });

  const steps = payments
    .asEvents()
    .keyBy("id")
    .process("steps", {
      state: {
        count: value({ count: integer(), last: instant() }),
        steps: list({ status: text(), at: instant() }),
        recent: map({ status: text(), at: instant() }, { ttl: REMEMBERED }),
      },
      emits: { row: id(), slot: id(), what: text(), count: integer(), at: instant() },
      onElement: ({ status }, { key, state, time, emit, setTimer }) => {
        const at = Number.isFinite(time) ? time : 0;
        const count = (state.count.get()?.count ?? 0n) + 1n;
        state.count.set({ count, last: at });
        state.steps.add({ status, at });
        emit({ row: key, slot: slotOf(status, time), what: "step", count, at });
        if (at === 0) return;
        state.recent.set(`${count}`, { status, at });
        for (const later of [hours(5), hours(29), hours(31)]) setTimer(at + later);
      },
      onTimer: ({ key, state, time, emit }) => {
        const until = state.steps.get().filter(({ at }) => at! <= time);
        const recent = state.recent.entries().filter(([, { at }]) => at! <= time);
        const what = `${until.map(({ status }) => status).join()} / ${recent.map(([name]) => name).join()}`;
        const slot = slotOf(until.at(-1)!.status, time);
        emit({ row: key, slot, what, count: BigInt(until.length), at: time });
      },
    });
  steps.to("steps");
  steps
    .keyBy("slot")
    .process("windows", {
      state: { total: value({ count: integer() }) },
      emits: { slot: id(), count: integer(), at: instant() },
      onElement: (_row, { state, time, setTimer }) => {
        state.total.set({ count: (state.total.get()?.count ?? 0n) + 1n });
        setTimer(Math.ceil((time + 1) / WINDOW) * WINDOW - 1);
      },
      onTimer: ({ key, state, time, emit }) => {
        emit({ slot: key, count: state.total.get()!.count!, at: time });
        state.total.clear();
      },
    })
    .to("windows");
});

/** A status in a window of time: what it is the key of is gone when the window is over. */
function slotOf(status: string | null, time: number) {
  return Number.isFinite(time) ? idOf(`${status} ${Math.floor(time / WINDOW)}`) : null;
}
