import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/key.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Blindness } from "./blindness.ts";
import {
  type FailureClass,
  type Judgement,
  judge,
  judgeForgotten,
  type ToleranceOf,
  toleranceAt,
} from "./judgement.ts";
import type { Ledger } from "./ledger.ts";
import type { FinalRecord } from "./records.ts";
import type { CurrencyScale, ReconcileRule } from "./rule.ts";
import { totalsOf } from "./totals.ts";
import type { CurrencyVerdict, KeyVerdicts, Outcome, VerdictLog } from "./verdict-log.ts";

/**
 * Brings judgement, blindness and the past of a key together: what is to be said of each of its currencies at a point.
 */
export class Judge {
  readonly #blindness: Blindness;
  readonly #log: VerdictLog;
  readonly #scaleOf: (currency: number) => CurrencyScale;
  readonly #tolerance: ToleranceOf | undefined;

  constructor(
    rule: ReconcileRule,
    blindness: Blindness,
    log: VerdictLog,
    scaleOf: (currency: number) => CurrencyScale,
  ) {
    this.#blindness = blindness;
    this.#log = log;
    this.#scaleOf = scaleOf;
    const { tolerance } = rule;
    if (tolerance !== undefined) {
      this.#tolerance = (currency, expected, actual) =>
        toleranceAt(tolerance, scaleOf(currency).scale, expected, actual);
    }
  }

  /** Judges a key at a point. `first`: nothing of it has been judged before, so what fails may be the baseline's. */
  at(point: number, key: Key, ledger: Ledger, verdicts: KeyVerdicts, first: boolean): void {
    const judgements =
      ledger.memory === "forgotten" ? judgeForgotten(ledger.totals) : judge(ledger.totals, this.#tolerance);
    const reason = this.#blindness.reasonFor(key);
    const baseline = first && judgements.some((j) => j.status === "fail") ? this.#baselineOf(ledger) : [];
    for (const judgement of this.#withFormer(judgements, verdicts)) {
      const silence = judgement.class === null ? null : this.#blindness.reasonForSilence(judgement.class);
      const old = baseline.some((j) => j.currency === judgement.currency && j.class === judgement.class);
      const outcome = { judgement, reason: reason ?? silence, baseline: old };
      this.#record(point, key, ledger, verdicts, outcome);
    }
  }

  /** Says that a key cannot be judged at a point, whatever is known of it. */
  blind(point: number, key: Key, ledger: Ledger, verdicts: KeyVerdicts, reason: string): void {
    const fresh = ledger.currencies();
    const judgements = judge(ledger.totals, this.#tolerance);
    for (const { currency } of judgements) fresh.delete(currency);
    for (const judgement of this.#withFormer([...judgements, ...[...fresh].map(nothingLeft)], verdicts)) {
      this.#record(point, key, ledger, verdicts, { judgement, reason, baseline: false });
    }
  }

  /** True when a key fails by a cause for which `of` holds. */
  fails(verdicts: KeyVerdicts, of: (cause: FailureClass) => boolean): boolean {
    return verdicts.currencies.some((c) => c.status === "fail" && c.class !== null && of(c.class));
  }

  /** True when nothing is wrong with the key and nothing of it is hidden. */
  isQuiet(verdicts: KeyVerdicts): boolean {
    return verdicts.currencies.every((c) => c.status !== "fail" && c.status !== "unobservable");
  }

  isUnobservable(verdicts: KeyVerdicts): boolean {
    return verdicts.currencies.some((c) => c.status === "unobservable");
  }

  /** The last word on each currency of a key; what no point has judged is pending. */
  finals(key: Key, ledger: Ledger, verdicts: KeyVerdicts): FinalRecord[] {
    const judged = verdicts.currencies.map((c) => this.#log.final(key, c));
    const fresh = ledger.currencies();
    for (const { currency } of verdicts.currencies) fresh.delete(currency);
    const pending = [...fresh].map((currency) => this.#log.final(key, unjudged(currency)));
    return [...judged, ...pending];
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

  #record(point: number, key: Key, ledger: Ledger, verdicts: KeyVerdicts, outcome: Outcome): void {
    const { currency } = outcome.judgement;
    let state = verdicts.currencies.find((c) => c.currency === currency);
    if (state === undefined) {
      state = unjudged(currency);
      verdicts.currencies.push(state);
    }
    this.#log.record(point, key, ledger, state, outcome, this.#scaleOf(currency));
  }

  /** Adds a pass for currencies that were judged before and of which nothing is left. */
  #withFormer(judgements: readonly Judgement[], verdicts: KeyVerdicts): readonly Judgement[] {
    const { currencies } = verdicts;
    if (currencies.length === 0 || (currencies.length === 1 && currencies[0]!.currency === judgements[0]?.currency)) {
      return judgements;
    }
    const gone = currencies.filter((c) => !judgements.some((j) => j.currency === c.currency));
    return gone.length === 0 ? judgements : [...judgements, ...gone.map((c) => nothingLeft(c.currency))];
  }

  /** What failed by the seed alone, with the deadlines that were over when it was taken. */
  #baselineOf(ledger: Ledger): readonly Judgement[] {
    const seeded = ledger.entries.flatMap((entry) => {
      const { seed } = entry.from;
      if (seed === null) return [];
      const overdue = entry.dueAt <= seed;
      return [{ ...entry, dueAt: overdue ? BEFORE_ALL_TIME : Number.POSITIVE_INFINITY }];
    });
    return judge(totalsOf(seeded, 0).all, this.#tolerance).filter((j) => j.status === "fail");
  }
}

function nothingLeft(currency: number): Judgement {
  return { currency, status: "pass", class: null, lower: 0n, upper: 0n, actual: 0n, atRisk: 0n };
}

/** A currency of a key of which nothing has been said yet. */
function unjudged(currency: number): CurrencyVerdict {
  return {
    currency,
    version: 0,
    status: null,
    class: null,
    told: "",
    baseline: null,
    atRisk: "0",
    alert: null,
    opened: [],
  };
}
