/** Causes of failure of a payment–settlement check. */
export type FaultClass = "missing" | "under-charge" | "over-charge" | "unknown-payment" | "currency-mismatch";

/** One thing that was made to go wrong, on an order that is right in everything else. */
export interface InjectedFault {
  /** uid of the check that must find it. */
  readonly check: string;
  readonly class: string;
  /** The check's key in canonical text; of a payment id, its digits. */
  readonly key: string;
  /** `XXX`, ISO 4217's code for none, where no money is concerned. */
  readonly currency: string;
  /** The difference at `dueAt`, in currency units at the currency's own exponent; "0" where no money is concerned. */
  readonly atRisk: string;
  /** The point of event time from which it must be failing: the deadline, or the change that breaks it, plus skew. */
  readonly dueAt: number;
  /** A later event makes it pass again before the log's end. */
  readonly resolves: boolean;
  /** What was done, for people. */
  readonly note: string;
}

/** What really happened in a run of the shop. */
export interface ShopTruth {
  readonly seed: number;
  readonly orders: number;
  /** Records in the log, tombstones and repeats included. */
  readonly records: number;
  /** The time of the initial snapshots. */
  readonly firstTime: number;
  /** The event time through which the log is complete. */
  readonly endTime: number;
  /** Faults that are due before the log's end, in order of key. */
  readonly faults: readonly InjectedFault[];
  /** Faults whose deadline lies behind the log's end: nothing may be failing yet. */
  readonly notDue: readonly InjectedFault[];
  /** What was overdue when the snapshots were taken, in order of key. */
  readonly baseline: readonly { readonly check: string; readonly key: string; readonly currency: string }[];
  /** Orders per kind of look-alike, of departments too; `scored` and `redelivered` count rows and records. */
  readonly lookAlikes: Readonly<Record<string, number>>;
}
