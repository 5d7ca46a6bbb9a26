import {
  connect,
  hours,
  id,
  instant,
  integer,
  list,
  type ModelChangelog,
  map,
  type Stream,
  seconds,
  text,
  value,
} from "countercheck";
import { type Booking, Line, Payment, Refund } from "./models.ts";

/** What a sink tells of each change besides its row: event time, 0 for the seed, and how many there were of the row. */
const SEEN = { kind: text(), at: instant(), n: integer() } as const;

/** Changelogs of one key: running aggregates, one row a key, rankings. */
export function changelogs(
  payments: ModelChangelog<typeof Payment.fields>,
  lines: ModelChangelog<typeof Line.fields>,
  captures: Stream<typeof Payment.fields>,
): void {
  payments
    .keyBy("status", "amount.currency")
    .aggregate("totals", (rows) => ({
      status: rows.key("status"),
      currency: rows.key("amount.currency"),
      count: rows.count(),
      total: rows.sum("amount"),
      least: rows.min("amount"),
    }))
    .to("totals");
  payments.asEvents().keyBy("id").deduplicate("newest", { keep: "last" }).to("newest");
  payments.asEvents().keyBy("id").deduplicate("oldest", { keep: "first", by: "eventTime" }).to("oldest");
  // Of equal amounts it does not show which it is.
  captures
    .select("amount")
    .keyBy("amount.currency")
    .topN("highest", 5, { by: "amount", order: "desc", withRank: true })
    .to("highest");
  lines.keyBy("batchId").topN("first-lines", 2, { by: "lineNo", order: "asc" }).to("first-lines");
}

/** Functions with state, timers and side outputs, over one input and over several, one of them broadcast. */
export function functions(
  payments: ModelChangelog<typeof Payment.fields>,
  refunds: ModelChangelog<typeof Refund.fields>,
  lines: ModelChangelog<typeof Line.fields>,
): void {
  const seen = payments.keyBy("id").process("seen", {
    state: { times: list({ at: instant() }), counts: map({ n: integer() }) },
    emits: { ...Payment.fields, ...SEEN },
    sides: { failed: { id: id(), counts: text() } },
    onElement: (row, { key, kind, time, state, emit, emitTo }) => {
      const at = Number.isFinite(time) ? time : 0;
      state.times.add({ at });
      const name = row.status ?? "";
      state.counts.set(name, { n: (state.counts.get(name)?.n ?? 0n) + 1n });
      emit({ ...row, kind, at, n: BigInt(state.times.size) });
      if (name !== "failed") return;
      const counts = state.counts.entries().map(([each, { n }]) => `${each} ${n}`);
      emitTo("failed", { id: key, counts: counts.join() });
    },
  });
  seen.to("seen");
  seen.side("failed").to("failed");

  lines
    .keyBy("batchId", "lineNo")
    .process("seen-lines", {
      state: { last: value({ n: integer() }) },
      emits: { ...Line.fields, ...SEEN },
      onElement: (row, { kind, time, state, emit }) => {
        const n = (state.last.get()?.n ?? 0n) + 1n;
        state.last.set({ n });
        emit({ ...row, kind, at: Number.isFinite(time) ? time : 0, n });
      },
    })
    .to("seen-lines");
  refunds
    .keyBy("id")
    .process("seen-refunds", {
      state: {},
      emits: { ...Refund.fields, kind: text(), at: instant() },
      onElement: (row, { kind, time, emit }) => emit({ ...row, kind, at: Number.isFinite(time) ? time : 0 }),
    })
    .to("seen-refunds");

  const told = connect("told", {
    inputs: { payments: payments.keyBy("paymentId"), lines: lines.keyBy("paymentId") },
    broadcast: { refunds: refunds.asEvents() },
    state: { lines: map({ at: instant() }) },
    broadcastState: { refunds: map({ at: instant() }) },
    emits: { paymentId: id(), at: instant(), lines: integer(), refunds: integer() },
    sides: { heard: { id: id(), status: text() } },
    on: {
      payments: (_, { time, setTimer }) => setTimer(time + hours(1)),
      lines: (_, { kind, time, state }) => {
        if (kind === "add") state.lines.set(String(time), { at: time });
      },
      refunds({ id, status }, { time, broadcastState, emitTo }) {
        broadcastState.refunds.set(`${id} ${status}`, { at: time });
        emitTo("heard", { id, status });
      },
    },
    onTimer: ({ key, time, state, broadcastState, emit }) => {
      const until = (entries: readonly (readonly [string, { readonly at: number | null }])[]) =>
        BigInt(entries.filter(([, { at }]) => at! <= time).length);
      emit({
        paymentId: key,
        at: time,
        lines: until(state.lines.entries()),
        refunds: until(broadcastState.refunds.entries()),
      });
    },
  });
  told.to("told");
  told.side("heard").to("heard");
}

/** Streams as one, and what is asked of others. */
export function streams(captures: Stream<typeof Payment.fields>, booked: Stream<typeof Booking.fields>): void {
  const fields = { what: text(), paymentId: id() };
  captures
    .map(fields, ({ paymentId }) => ({ what: "capture", paymentId }))
    .union(booked.map(fields, ({ paymentId }) => ({ what: "line", paymentId })))
    .to("united");
  for (const ordered of [true, false]) {
    const name = ordered ? "ordered" : "unordered";
    captures
      .lookup(`asked-${name}`, {
        emits: { id: id(), answer: text() },
        lookup: async (rows) => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
          return rows.map((row) => ({ id: row.id, answer: `${row.id} is ${row.status}` }));
        },
        timeout: seconds(30),
        ordered,
        inFlight: 200,
        batch: 50,
      })
      .to(`asked-${name}`);
  }
}
