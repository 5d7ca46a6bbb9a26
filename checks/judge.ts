import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { type CountercheckError, isError } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { abs } from "../base/money.ts";
import { ByAbout, isAbout } from "./about.ts";
import type { Blindness } from "./blindness.ts";
import { bandView, LedgerView, seedView } from "./key-view.ts";
import type { Ledger } from "./ledger.ts";
import type { FinalRecord } from "./records.ts";
import type { ReferenceRows } from "./reference-rows.ts";
import { type CheckRule, type CurrencyScale, type Judgement, type KeyView, NO_MONEY } from "./rule.ts";
import type { Totals } from "./totals.ts";
import {
  type CurrencyVerdict,
  isQuiet,
  type KeyState,
  type KeyVerdicts,
  type Outcome,
  type VerdictLog,
} from "./verdict-log.ts";

/**
 * Brings judgement, blindness and the past of a key together: what is to be said of each of its currencies and periods at
 * a point.
 */
export class Judge {
  readonly #rule: CheckRule;
  readonly #blindness: Blindness;
  readonly #log: VerdictLog;
  readonly #scaleOf: (currency: number) => CurrencyScale;
  readonly #view: LedgerView;
  readonly #tellFailure: (failure: CountercheckError) => void;

  /** `tellFailure`: that a function of the job which the rule asks has failed. */
  constructor(
    rule: CheckRule,
    blindness: Blindness,
    log: VerdictLog,
    reference: ReferenceRows,
    scaleOf: (currency: number) => CurrencyScale,
    tellFailure: (failure: CountercheckError) => void,
  ) {
    this.#rule = rule;
    this.#blindness = blindness;
    this.#log = log;
    this.#scaleOf = scaleOf;
    this.#view = new LedgerView(rule.skewMs, reference);
    this.#tellFailure = tellFailure;
  }

  /** Judges a key at a point. `first`: nothing of it has been judged before, so what fails may be the baseline's. */
  at(point: number, key: Key, state: KeyState, first: boolean): void {
    const view = this.#view.show(key, point, state.ledger, state.own);
    this.#judge(view, state, first);
    state.own = view.own;
    state.ledger.wakeAt = view.wakeAt > point ? view.wakeAt : Number.POSITIVE_INFINITY;
    this.#warn(view, state);
  }

  /** Looks at a point, which is none of judgement, whether a key is about to fail. */
  warn(point: number, key: Key, state: KeyState): void {
    this.#warn(this.#view.show(key, point, state.ledger, state.own), state);
  }

  /** Judges a key at its last point again, because what can be seen of it changed. */
  again(key: Key, state: KeyState): void {
    this.#judge(this.#view.show(key, state.ledger.lastPoint, state.ledger, state.own), state, false);
  }

  /** Says that a key cannot be judged at a point, whatever is known of it. */
  blind(point: number, key: Key, state: KeyState, reason: string): void {
    const { ledger, verdicts, own } = state;
    const view = this.#view.show(key, point, ledger, own);
    const { judgements, failure } = this.#ask(view);
    const fresh = this.#unsaid(ledger, judgements).map((code) => nothingLeft(code, ""));
    if (failure === undefined) forgetSilent(verdicts, judgements);
    const all = withFormer([...judgements, ...fresh], verdicts);
    const states = new ByAbout(verdicts.currencies, all.length);
    for (const judgement of all)
      this.#record(view, ledger, states, { judgement, reason, baseline: false, isHeldUp: true });
  }

  /** True when a key fails by a cause for which `of` holds. */
  fails(verdicts: KeyVerdicts, of: (cause: string) => boolean): boolean {
    return verdicts.currencies.some((c) => c.status === "fail" && c.class !== null && of(c.class));
  }

  /** True when nothing is wrong with the key at its last point and nothing of it is hidden. */
  isQuiet(verdicts: KeyVerdicts): boolean {
    return verdicts.currencies.every(isQuiet);
  }

  isUnobservable(verdicts: KeyVerdicts): boolean {
    return verdicts.currencies.some((c) => c.status === "unobservable");
  }

  /** The last word on each currency of a key; what no point has judged is pending. */
  finals(key: Key, ledger: Ledger, verdicts: KeyVerdicts): FinalRecord[] {
    const judged = verdicts.currencies.map((c) => this.#log.final(key, c));
    const pending = this.#unsaid(ledger, verdicts.currencies).map((code) => this.#log.final(key, unjudged(code, "")));
    return [...judged, ...pending];
  }

  /** Currencies of a key of which nothing was said. A rule without legs of money says by itself which there are. */
  #unsaid(ledger: Ledger, said: readonly { readonly currency: number }[]): number[] {
    if (said.length > 0 && this.#rule.legs.every((leg) => leg.field === null)) return [];
    const fresh = ledger.currencies();
    for (const { currency } of said) fresh.delete(currency);
    return [...fresh];
  }

  /** Counts a judgement of which nothing is told; with `times` −1 takes it back, before its minute is over. */
  count(point: number, status: "pass" | "pending", times: 1 | -1): void {
    this.#log.count(point, status, times);
  }

  /** Brings out the counts of the minutes that are over. */
  countsThrough(frontier: number): void {
    this.#log.countsThrough(frontier);
  }

  /** Writes the counts of the minutes that are not over. */
  saveCounts(out: ByteWriter): void {
    this.#log.saveCounts(out);
  }

  /** Reads counts that `saveCounts` wrote; adds them where they are to be brought out here. */
  restoreCounts(input: ByteReader, isHere: boolean): void {
    this.#log.restoreCounts(input, isHere);
  }

  #judge(view: KeyView, { ledger, verdicts }: KeyState, first: boolean): void {
    const isForgotten = ledger.memory === "forgotten";
    const { judgements, failure } = isForgotten ? { judgements: judgeForgotten(ledger.totals) } : this.#ask(view);
    const reason = failure ?? this.#blindness.reasonFor(view.key);
    const isSeeded = first && judgements.some((j) => j.status === "fail");
    const baseline = isSeeded ? new ByAbout(this.#baselineOf(view), 0) : null;
    if (failure === undefined) forgetSilent(verdicts, judgements);
    const all = withFormer(judgements, verdicts);
    const states = new ByAbout(verdicts.currencies, all.length);
    for (const judgement of all) {
      const silence = judgement.class === null ? null : this.#blindness.reasonForSilence(judgement.class);
      const old = judgement.class !== null && baseline?.get(judgement)?.class === judgement.class;
      const unseen = reason ?? silence ?? judgement.unobservable ?? null;
      this.#record(view, ledger, states, { judgement, reason: unseen, baseline: old, isHeldUp: false });
    }
  }

  /** What the rule says of a key. Where a function of the job fails, nothing can be said of any of its currencies. */
  #ask(view: KeyView): { readonly judgements: readonly Judgement[]; readonly failure?: string } {
    try {
      return { judgements: this.#rule.judge(view) };
    } catch (error) {
      if (!isError(error, "CHECK_FUNCTION_FAILED")) throw error;
      this.#tellFailure(error);
      return { judgements: [nothingLeft(NO_MONEY, "")], failure: error.message };
    }
  }

  /** Tells of failures that lie ahead, and of those that do not any more. What cannot be seen is left as it is. */
  #warn(view: KeyView, { ledger, verdicts }: KeyState): void {
    const { warnBeforeMs } = this.#rule;
    if (warnBeforeMs === undefined || this.#blindness.reasonFor(view.key) !== null) return;
    const dueAt = ledger.warnsOf;
    const ahead = dueAt === null ? [] : this.#rule.judge(bandView(view, ledger.totalsBehindBand, warnBeforeMs));
    for (const state of verdicts.currencies) {
      const failure = ahead.find((judgement) => judgement.status === "fail" && isAbout(judgement, state));
      if (failure !== undefined && this.#blindness.reasonForSilence(failure.class!) !== null) continue;
      this.#log.warn(view, state, failure, dueAt, this.#scaleOf(state.currency));
    }
  }

  #record(view: KeyView, ledger: Ledger, states: ByAbout<CurrencyVerdict>, outcome: Outcome): void {
    const { judgement } = outcome;
    let state = states.get(judgement);
    if (state === undefined) {
      state = unjudged(judgement.currency, judgement.period);
      states.add(state);
    }
    this.#log.record(view, ledger, state, outcome, this.#scaleOf(judgement.currency));
  }

  /** What failed by the seed alone, with the deadlines that were over when it was taken. */
  #baselineOf(view: KeyView): Judgement[] {
    if (!view.entries.some(({ from }) => from.seed !== null)) return [];
    return this.#ask(seedView(view)).judgements.filter((j) => j.status === "fail");
  }
}

/**
 * Forgets the periods of which nothing is left and nothing was ever told: a key may have any number of them. Currencies
 * without periods are few, and have their last word.
 */
function forgetSilent(verdicts: KeyVerdicts, judgements: readonly Judgement[]): void {
  const isSilent = ({ period, version, warning }: CurrencyVerdict) =>
    period !== "" && version === 0 && warning === null;
  if (!verdicts.currencies.some(isSilent)) return;
  const judged = new ByAbout([...judgements], 0);
  verdicts.currencies = verdicts.currencies.filter((c) => !isSilent(c) || judged.get(c) !== undefined);
}

/** Pairs up to which to look at each is quicker than to make a map. */
const MOST_COMPARED = 64;

/** Adds a pass for currencies and periods that were judged before and of which nothing is left. */
function withFormer(judgements: readonly Judgement[], { currencies }: KeyVerdicts): readonly Judgement[] {
  if (currencies.length === 0) return judgements;
  const isFew = currencies.length * judgements.length <= MOST_COMPARED;
  if (isFew && currencies.every((c) => judgements.some((judgement) => isAbout(c, judgement)))) return judgements;
  const judged = new ByAbout([...judgements], 0);
  const gone = currencies.filter((c) => judged.get(c) === undefined);
  return gone.length === 0 ? judgements : [...judgements, ...gone.map((c) => nothingLeft(c.currency, c.period))];
}

/** What came for a key whose history is no longer kept: it cannot be told from new business, so a person must look. */
function judgeForgotten(totals: readonly Totals[]): Judgement[] {
  return totals.map(({ currency, lower, upper, actual, full }) => {
    const said = { status: "fail", class: "unknown-after-retention", note: null } as const;
    return { currency, period: "", ...said, lower, upper, actual, atRisk: abs(full - actual) };
  });
}

function nothingLeft(currency: number, period: string): Judgement {
  const none = { lower: 0n, upper: 0n, actual: 0n, atRisk: 0n, note: null };
  return { currency, period, status: "pass", class: null, ...none };
}

/** A currency and period of a key of which nothing has been said yet. */
export function unjudged(currency: number, period: string): CurrencyVerdict {
  return {
    currency,
    period,
    version: 0,
    status: null,
    class: null,
    isHeldUp: false,
    told: "",
    baseline: null,
    atRisk: "0",
    alert: null,
    warning: null,
    opened: [],
  };
}
