import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { idOf } from "../base/hash.ts";
import type { Key } from "../base/key.ts";
import { formatDecimal, unpackCurrency } from "../base/money.ts";
import { Evidence } from "./evidence.ts";
import type { Ledger } from "./ledger.ts";
import {
  type AlertAction,
  type EmittedAlert,
  type FinalRecord,
  OUTPUTS,
  type Status,
  type VerdictRecord,
} from "./records.ts";
import { type CheckInput, type CheckRule, type CurrencyScale, hashOf, type Judgement, type KeyView } from "./rule.ts";

/** What has been said of a key in one currency and period. */
export interface CurrencyVerdict {
  readonly currency: number;
  readonly period: string;
  /** Of the last emitted verdict; 0 before the first. */
  version: number;
  /** Of the last judgement, emitted or not; null before the first. */
  status: Status | null;
  class: string | null;
  /** It is unobservable only because a point is held up: nothing was wrong at the last one, and nothing of it is hidden. */
  isHeldUp: boolean;
  /** What the last emitted verdict said, to recognise a repeat. */
  told: string;
  /** How it failed before the first change was seen; null once that is over, or got worse. */
  baseline: { readonly class: string; readonly atRisk: bigint } | null;
  atRisk: string;
  /** The alert that is open, with the deadline that was missed. */
  alert: { readonly class: string; readonly dueAt: number | null; readonly told: string; repeats: number } | null;
  /** The failure that it was warned of, with the deadline ahead. */
  warning: { readonly class: string; readonly dueAt: number | null } | null;
  /** Classes for which an alert was opened before. */
  opened: string[];
}

/** What has been said of a key, by currency and period. */
export interface KeyVerdicts {
  currencies: CurrencyVerdict[];
}

/** All that is kept of one key. */
export interface KeyState {
  readonly ledger: Ledger;
  readonly verdicts: KeyVerdicts;
  /** What the rule keeps of it besides, as text of its own. */
  own: string;
}

/** What is to be said of one currency and period at a point. */
export interface Outcome {
  readonly judgement: Judgement;
  /** Why it is unobservable, or null. */
  readonly reason: string | null;
  /** It failed so before the first change was seen. */
  readonly baseline: boolean;
  /** It was not judged, because its point is held up. */
  readonly isHeldUp: boolean;
}

const MINUTE = 60_000;

/** Turns outcomes into what is emitted: verdicts by transition, alerts by class, counts of the rest. */
export class VerdictLog {
  readonly #rule: CheckRule;
  readonly #evidence: Evidence;
  readonly #emit: (output: string, record: unknown) => void;
  readonly #ruleRecord: VerdictRecord["rule"];
  /** Passes and pendings by minute of event time, told in minutes. */
  readonly #counts = new Map<number, { pass: number; pending: number }>();
  /** Those that were counted on last. */
  #lastMinute = Number.NaN;
  #lastCounts = { pass: 0, pending: 0 };

  constructor(rule: CheckRule, inputs: readonly CheckInput[], emit: (output: string, record: unknown) => void) {
    this.#rule = rule;
    this.#evidence = new Evidence(rule, inputs);
    this.#emit = emit;
    this.#ruleRecord = { expression: rule.expression, version: rule.version, hash: hashOf(rule) };
  }

  /** Says what is new about a key in a currency at a point, and keeps it. */
  record(view: KeyView, ledger: Ledger, state: CurrencyVerdict, outcome: Outcome, scale: CurrencyScale): void {
    const { key, point } = view;
    const { judgement, reason } = outcome;
    const status: Status = reason === null ? judgement.status : "unobservable";
    const cause = reason === null ? judgement.class : null;
    const told = status === "fail" ? this.#fingerprint(judgement, ledger) : status;
    const before = state.status;
    const news = isNews(before, status, told !== state.told) || (this.#rule.emitAll && before !== status);
    state.baseline = this.#baselineAfter(state.baseline, outcome);
    state.isHeldUp = outcome.isHeldUp && isQuiet(state);
    state.status = status;
    state.class = cause;
    if (status === "fail") state.atRisk = formatDecimal(judgement.atRisk, scale.scale);
    if (!news) {
      if (status === "fail" && state.alert !== null) state.alert.repeats++;
      else this.count(point, status);
      return;
    }
    state.told = told;
    state.version++;
    this.#emit(OUTPUTS.verdicts, this.#verdict(point, key, ledger, state, outcome, scale));
    this.#alerts(view, ledger, state, judgement);
  }

  /**
   * Warns of a failure that lies ahead, once, or takes the warning back where there is none any more. The alert is that of
   * the failure, and says nothing of the verdict, which passes or waits.
   */
  warn(
    { key, point }: KeyView,
    state: CurrencyVerdict,
    ahead: Judgement | undefined,
    dueAt: number | null,
    { scale }: CurrencyScale,
  ): void {
    const { status, warning } = state;
    if (status !== "pass" && status !== "pending") return;
    const cause = ahead?.class ?? null;
    if (cause === (warning?.class ?? null)) return;
    if (warning !== null) this.#endWarning(point, key, state, warning);
    if (ahead === undefined || cause === null) return;
    state.warning = { class: cause, dueAt };
    const atRisk = formatDecimal(ahead.atRisk, scale);
    this.#alert("warned", point, key, state, { cause, dueAt, lateByMs: null, repeats: 0, note: ahead.note, atRisk });
  }

  /** The last word on a currency of a key. */
  final(key: Key, state: CurrencyVerdict): FinalRecord {
    const { status, class: cause, atRisk } = state;
    const currency = unpackCurrency(state.currency);
    const failing = status === "fail";
    return {
      check: this.#rule.uid,
      key,
      currency,
      period: state.period,
      status: status ?? "pending",
      class: cause,
      baseline: failing && state.baseline !== null,
      atRisk: failing ? atRisk : "0",
    };
  }

  /** Brings out the counts of the minutes before a frontier. */
  countsThrough(frontier: number): void {
    for (const [minute, { pass, pending }] of this.#counts) {
      if ((minute + 1) * MINUTE > frontier) continue;
      this.#counts.delete(minute);
      if (minute === this.#lastMinute) this.#lastMinute = Number.NaN;
      if (pass === 0 && pending === 0) continue;
      this.#emit(OUTPUTS.counts, { check: this.#rule.uid, minute: minute * MINUTE, pass, pending });
    }
  }

  /** Writes the counts of the minutes that are not over. */
  saveCounts(out: ByteWriter): void {
    out.uint(this.#counts.size);
    for (const [minute, { pass, pending }] of this.#counts) {
      out.float64(minute * MINUTE);
      out.uint(pass);
      out.uint(pending);
    }
  }

  /** Reads counts that `saveCounts` wrote; adds them where they are to be brought out here. */
  restoreCounts(input: ByteReader, isHere: boolean): void {
    for (let left = input.uint(); left > 0; left--) {
      const [minute, pass, pending] = [input.float64(), input.uint(), input.uint()];
      if (!isHere) continue;
      const counts = this.#countsOf(minute / MINUTE);
      counts.pass += pass;
      counts.pending += pending;
    }
  }

  /**
   * A failure stays the baseline's while nothing new is wrong: the same class with no more at risk, or a part of what was
   * wrong. While it cannot be observed, nothing is known to have changed.
   */
  #baselineAfter(known: CurrencyVerdict["baseline"], outcome: Outcome): CurrencyVerdict["baseline"] {
    const { class: cause, atRisk } = outcome.judgement;
    if (outcome.baseline && cause !== null) return { class: cause, atRisk };
    if (outcome.reason !== null) return known;
    if (cause === null || known === null || atRisk > known.atRisk) return null;
    return cause === known.class || this.#rule.isRestOf?.(cause, known.class) ? known : null;
  }

  /** Counts a pass or a pending, of which nothing is told, in the minute of its point; with `times` −1 takes it back. */
  count(point: number, status: Status, times: 1 | -1 = 1): void {
    if (status === "pass") this.#countsOf(Math.floor(point / MINUTE)).pass += times;
    else if (status === "pending") this.#countsOf(Math.floor(point / MINUTE)).pending += times;
  }

  #countsOf(minute: number): { pass: number; pending: number } {
    if (minute === this.#lastMinute) return this.#lastCounts;
    const counts = this.#counts.get(minute) ?? { pass: 0, pending: 0 };
    this.#counts.set(minute, counts);
    this.#lastMinute = minute;
    this.#lastCounts = counts;
    return counts;
  }

  /** Two failures are the same when class, money at risk, every leg's total and the note are: a deadline alone is no news. */
  #fingerprint({ class: cause, atRisk, currency, note }: Judgement, ledger: Ledger): string {
    const parts = [cause, atRisk, ...this.#evidence.totals(ledger, currency)];
    return (note === null ? parts : [...parts, note]).join("/");
  }

  #verdict(
    point: number,
    key: Key,
    ledger: Ledger,
    state: CurrencyVerdict,
    { judgement, reason }: Outcome,
    { scale }: CurrencyScale,
  ): VerdictRecord {
    const check = this.#rule.uid;
    const { period } = state;
    const currency = unpackCurrency(state.currency);
    return {
      id: idOf(check, key, currency, period, state.version),
      check,
      key,
      currency,
      period,
      version: state.version,
      status: state.status!,
      class: state.class,
      time: point,
      baseline: state.status === "fail" && state.baseline !== null,
      atRisk: state.status === "fail" ? state.atRisk : "0",
      lower: formatDecimal(judgement.lower, scale),
      upper: formatDecimal(judgement.upper, scale),
      actual: formatDecimal(judgement.actual, scale),
      legs: this.#evidence.legTotals(ledger, state.currency, scale),
      reason,
      note: state.status === "fail" ? judgement.note : null,
      rule: this.#ruleRecord,
      ...this.#evidence.contributions(ledger),
    };
  }

  /** Moves the alerts of a key along with its verdict; a verdict that cannot be observed leaves them as they are. */
  #alerts(view: KeyView, ledger: Ledger, state: CurrencyVerdict, judgement: Judgement): void {
    const { key, point } = view;
    if (state.status === "unobservable") return;
    const failing = state.status === "fail" && state.baseline === null ? state.class : null;
    const { alert: open, warning } = state;
    if (state.status === "fail" && warning !== null) {
      if (warning.class === failing) state.warning = null;
      else this.#endWarning(point, key, state, warning);
    }
    if (open !== null && open.class !== failing) {
      const { class: cause, dueAt, repeats } = open;
      this.#alert("resolved", point, key, state, {
        cause,
        dueAt,
        lateByMs: this.#lateBy(ledger, cause, dueAt),
        repeats,
        note: null,
        atRisk: atRiskOf(state),
      });
      state.alert = null;
    }
    if (failing === null) return;
    if (open?.class === failing && open.told === state.told) {
      open.repeats++;
      return;
    }
    const action = state.alert !== null ? "updated" : state.opened.includes(failing) ? "reopened" : "opened";
    if (action === "opened") state.opened.push(failing);
    const repeats = state.alert?.repeats ?? 0;
    const dueAt = this.#rule.missedDeadline(judgement, view);
    state.alert = {
      class: failing,
      dueAt: state.alert === null ? dueAt : state.alert.dueAt,
      told: state.told,
      repeats: 0,
    };
    this.#alert(action, point, key, state, {
      cause: failing,
      dueAt,
      lateByMs: null,
      repeats,
      note: judgement.note,
      fields: judgement.fields,
      atRisk: atRiskOf(state),
    });
  }

  #endWarning(point: number, key: Key, state: CurrencyVerdict, { class: cause, dueAt }: AheadOf): void {
    state.warning = null;
    const none = { lateByMs: null, repeats: 0, note: null, atRisk: "0" };
    this.#alert("resolved", point, key, state, { cause, dueAt, ...none });
  }

  /**
   * How long after its deadline the counterpart came: the newest row of the side that was missing. Null when it was in
   * time, when there was no deadline, or when no row came at all and the alert was resolved otherwise.
   */
  #lateBy(ledger: Ledger, cause: string, dueAt: number | null): number | null {
    const came = ledger.lastAdded[this.#rule.lateSide(cause)];
    return dueAt === null || came !== ledger.lastChange || came <= dueAt ? null : came - dueAt;
  }

  #alert(
    action: AlertAction,
    point: number,
    key: Key,
    state: CurrencyVerdict,
    {
      cause,
      ...rest
    }: { cause: string } & Pick<EmittedAlert, "dueAt" | "lateByMs" | "repeats" | "note" | "fields" | "atRisk">,
  ): void {
    const check = this.#rule.uid;
    const { period } = state;
    const currency = unpackCurrency(state.currency);
    this.#emit(OUTPUTS.alerts, {
      id: idOf(check, key, cause, currency, period),
      action,
      check,
      key,
      class: cause,
      currency,
      period,
      verdictVersion: state.version,
      time: point,
      ...rest,
    } satisfies EmittedAlert);
  }
}

type AheadOf = NonNullable<CurrencyVerdict["warning"]>;

/** Nothing was wrong when it was last judged, and nothing is hidden. */
export function isQuiet({ status, isHeldUp }: CurrencyVerdict): boolean {
  return isHeldUp || (status !== "fail" && status !== "unobservable");
}

function atRiskOf({ status, atRisk }: CurrencyVerdict): string {
  return status === "fail" ? atRisk : "0";
}

/** "Emitted" of the semantics: into fail, within fail, into unobservable, and out of either. */
function isNews(before: Status | null, now: Status, toldChanged: boolean): boolean {
  if (now === "fail") return before !== "fail" || toldChanged;
  if (now === "unobservable") return before !== "unobservable";
  return before === "fail" || before === "unobservable";
}
