import { raise } from "../../base/errors.ts";
import type { Duration } from "../../base/time.ts";
import { type Fields, isFieldName } from "../model.ts";
import type { Row } from "../row-view.ts";

/** What something outside is asked about each event, and how. */
export interface LookupSpec<F extends Fields, G extends Fields> {
  /** The fields of results. */
  readonly emits: G;
  /**
   * Asks about some events at once, in whatever way, and gives a result for each, in the same order. It may be called again
   * for an event, so what it does must do no harm when done twice. `signal` aborts when nobody waits for it any more.
   */
  readonly lookup: (rows: readonly Row<F>[], signal: AbortSignal) => Promise<readonly LookupResult<G>[]>;
  /** From when an event is first asked about, retries included: then it has failed. */
  readonly timeout: Duration;
  /** Results in the order of the events; otherwise as they come, but none passes a watermark. Default: true. */
  readonly ordered?: boolean;
  /** How many events of a worker may be asked about at once. Then nothing more is read. Default: 1,000. */
  readonly inFlight?: number;
  /** How many events one call of `lookup` gets at most. Default: 100. */
  readonly batch?: number;
  /** How often an event that failed is asked about again: after 100 ms, and twice as long each further time. Default: 0. */
  readonly retries?: number;
}

/** What a look-up found for an event: one row, several, none (null or undefined), or an error, by which this event alone failed. */
export type LookupResult<G extends Fields> = Row<G> | readonly Row<G>[] | Error | null | undefined;

/** A look-up as the runtime sees it: nothing is left to a default, and nothing is typed. */
export interface Lookup {
  readonly ask: (rows: readonly Row<Fields>[], signal: AbortSignal) => Promise<readonly LookupResult<Fields>[]>;
  readonly timeoutMs: number;
  readonly ordered: boolean;
  readonly inFlight: number;
  readonly batch: number;
  readonly retries: number;
}

/** The side output of events that a look-up failed for. */
export const FAILED = "failed";

/** Checks what a job declared and fills in defaults. JOB_LOOKUP_INVALID. */
export function lookupOf<F extends Fields, G extends Fields>(place: string, spec: LookupSpec<F, G>): Lookup {
  const { lookup, emits, timeout, ordered = true, inFlight = 1_000, batch = 100, retries = 0 } = spec;
  const invalid = (reason: string) => raise("JOB_LOOKUP_INVALID", { place, reason });
  if (typeof lookup !== "function") invalid("its `lookup` is no function");
  for (const [name, field] of Object.entries(emits ?? invalid("it does not say what it emits"))) {
    if (!isFieldName(name)) invalid(`the field ${JSON.stringify(name)} that it emits should have a name of letters`);
    if (field?.kind === undefined)
      invalid(`the field ${name} that it emits is not declared by id(), text() or another`);
  }
  if (!(Number.isFinite(timeout) && timeout > 0)) {
    invalid(`its timeout is ${timeout}, and should be a length of time, such as seconds(10)`);
  }
  for (const [name, n, least] of [
    ["inFlight", inFlight, 1],
    ["batch", batch, 1],
    ["retries", retries, 0],
  ] as const) {
    if (!(Number.isInteger(n) && n >= least))
      invalid(`its ${name} is ${n}, and should be a whole number from ${least}`);
  }
  const ask = lookup as unknown as Lookup["ask"];
  return { ask, timeoutMs: timeout, ordered, inFlight, batch, retries };
}
