import { id, integer, job, type LookupSpec, model, type Row, type Stream, seconds, table, text } from "../../index.ts";

/** What compiles and what does not in look-ups: every line under `@ts-expect-error` must fail, every other one must not. */

const Payout = model("Payout", {
  from: table("bank", "payouts"),
  fields: { payoutId: id(), account: text(), tries: integer() },
});
const emits = { payoutId: id(), owner: text() };
const timeout = seconds(1);

/** Results of all kinds, what is made of them, and the events that failed. */
export const compiles = job("compiles", (env) => {
  const payouts = env.changes(Payout).asEvents();
  const owners = payouts.lookup("owners", {
    emits,
    lookup: async (rows, signal) => {
      const first: string | null | undefined = rows[0]?.account;
      signal.throwIfAborted();
      return rows.map(({ payoutId, tries }, i) => {
        if (tries === 0n) return null;
        if (tries === 1n) return undefined;
        if (tries === 2n) return new Error("unknown");
        const row = { payoutId, owner: first ?? null };
        return i === 0 ? row : [row, row];
      });
    },
    timeout,
    ordered: false,
    inFlight: 10,
    batch: 5,
    retries: 1,
  });
  const found: Stream<typeof emits> = owners;
  const failed: Stream<typeof Payout.fields> = owners.failed();
  found.where({ owner: "x" }).to("found");
  failed.where({ tries: 1n }).to("failed");
});

/** Mistakes of the kinds that are made. */
export const refused = job("refused", (env) => {
  const payouts = env.changes(Payout).asEvents();
  const of = (rows: readonly Row<typeof Payout.fields>[]) =>
    Promise.resolve(rows.map(({ payoutId }) => ({ payoutId, owner: "x" })));
  payouts.lookup("fine", { emits, lookup: of, timeout });

  // @ts-expect-error: a look-up says when it gives up
  payouts.lookup("no timeout", { emits, lookup: of });
  // @ts-expect-error: a length of time has a unit
  payouts.lookup("milliseconds", { emits, lookup: of, timeout: 1_000 });
  // @ts-expect-error: `retry` is no option
  payouts.lookup("option", { emits, lookup: of, timeout, retry: 1 });
  payouts.lookup("result", {
    emits,
    // @ts-expect-error: owner is a text
    lookup: async (rows) => rows.map(({ payoutId }) => ({ payoutId, owner: 5 })),
    timeout,
  });
  payouts.lookup("lacks", {
    emits,
    // @ts-expect-error: owner is missing
    lookup: async (rows) => rows.map(({ payoutId }) => ({ payoutId })),
    timeout,
  });
  payouts.lookup("not async", {
    emits,
    // @ts-expect-error: it gives no promise
    lookup: (rows) => rows.map(() => null),
    timeout,
  });
  payouts.lookup("field", {
    emits,
    // @ts-expect-error: a payout has no field owner
    lookup: async (rows) => rows.map(({ owner }) => owner),
    timeout,
  });
  // @ts-expect-error: what a look-up found has no account
  payouts.lookup("behind", { emits, lookup: of, timeout }).where({ account: "x" });
});

/** A function by itself, for one who asks in several jobs. */
export const ask: LookupSpec<typeof Payout.fields, typeof emits>["lookup"] = async (rows) => rows.map(() => null);
