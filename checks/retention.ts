import type { Key } from "../base/key.ts";
import { days } from "../base/time.ts";
import type { KeyedState, Timers } from "../dataflow/operator.ts";
import type { Judge } from "./judge.ts";
import type { Memory } from "./ledger.ts";
import type { CheckRule } from "./rule.ts";
import type { KeyState } from "./verdict-log.ts";

/** How long a quiet key keeps its rows, so that a late line is shown beside those it doubles. */
const CLOSE_AFTER_MS = days(30);

/**
 * Ends the lives of keys, by "Retention" of the semantics. A key with nothing wrong and nothing due keeps its rows for a
 * month, then a marker of exact totals until `retain` after its last point: a late counterpart is still judged exactly.
 * Rules that judge by more than sums keep the rows all that time, and some keep a key for as long as it has any; where rows come
 * without a row stage they are kept too, for by them repeats are told.
 * For as long again it is only known that there was such a key, so that what comes is `unknown-after-retention` and not
 * taken for new business. Then nothing is left of it, but for a key of which verdicts were emitted: their versions go on
 * from the last one, whenever the next comes.
 */
export class Retention {
  readonly #keys: KeyedState<KeyState>;
  readonly #timers: Timers;
  readonly #judge: Judge;
  readonly #rule: CheckRule;
  readonly #tellsRepeats: boolean;

  /** `tellsRepeats`: repeats of some rows are told by what is kept of their keys, so that it is kept for as long as they may come. */
  constructor(keys: KeyedState<KeyState>, timers: Timers, judge: Judge, rule: CheckRule, tellsRepeats: boolean) {
    this.#keys = keys;
    this.#timers = timers;
    this.#judge = judge;
    this.#rule = rule;
    this.#tellsRepeats = tellsRepeats;
  }

  /** How long behind its last point a quiet key takes its next step. */
  stepsAfter(memory: Memory): number {
    const { isOfSums, retainMs } = this.#rule;
    switch (memory) {
      case "rows":
        return isOfSums && !this.#tellsRepeats ? Math.min(CLOSE_AFTER_MS, retainMs) : retainMs;
      case "closed":
        return retainMs;
      case "forgotten":
        return 2 * retainMs;
    }
  }

  /** A key has no point ahead: it may be on its way out. */
  watch(key: Key, { ledger }: KeyState): void {
    // A timer that is there already looks at the key again and plans anew: one a key is enough.
    if (ledger.retireAt !== Number.POSITIVE_INFINITY || !Number.isFinite(ledger.lastPoint)) return;
    if (this.#isKept(ledger)) return;
    ledger.retireAt = this.#stepAfter(ledger.lastPoint, ledger.memory);
    this.#timers.register(key, ledger.retireAt);
  }

  /** A key that was kept otherwise until now is on its way out, and is to be looked at then. */
  watchAt(key: Key, { ledger }: KeyState, time: number): void {
    ledger.retireAt = time;
    this.#timers.register(key, time);
  }

  /** Of a key nothing is known but rows that went: that is kept for as long as they may be said again. */
  watchMarks(key: Key, state: KeyState, wentAt: number): void {
    const until = wentAt + this.#rule.retainMs;
    const { retireAt } = state.ledger;
    if (retireAt === Number.POSITIVE_INFINITY || retireAt < until) this.watchAt(key, state, until);
  }

  /**
   * Takes the steps that a frontier has reached and that were due before the first change that waits: what it finds is
   * a matter of event time, however far the frontier moved at once.
   */
  age(state: KeyState, frontier: number): void {
    const { ledger } = state;
    for (;;) {
      if (ledger.memory !== "closed") ledger.dropUnknownRetracts();
      if (this.nextStep(state) > frontier) return;
      this.#step(state);
    }
  }

  /** When an idle key takes its next step, where that is before the first change that waits; else +∞. */
  nextStep({ ledger, verdicts }: KeyState): number {
    const next = ledger.waiting.first;
    const idle = next !== undefined && Number.isFinite(ledger.lastPoint) && ledger.isIdle() && !this.#isKept(ledger);
    if (!idle || !this.#judge.isQuiet(verdicts)) return Number.POSITIVE_INFINITY;
    const step = this.#stepAfter(ledger.lastPoint, ledger.memory);
    return step < next.time ? step : Number.POSITIVE_INFINITY;
  }

  /** Takes the steps that are due at a frontier. */
  through(frontier: number): void {
    for (let due = this.#timers.next(frontier); due !== undefined; due = this.#timers.next(frontier)) {
      const state = this.#keys.get(due.key);
      if (state === undefined || state.ledger.retireAt !== due.time) continue;
      state.ledger.retireAt = Number.POSITIVE_INFINITY;
      if (this.#isIdleSince(state, due.time)) this.#step(state);
      if (state.ledger.memory === "rows" && state.ledger.isEmpty) this.#leave(due.key, state);
      else if (this.#isIdle(state)) this.watch(due.key, state);
    }
  }

  /** Nothing is left of a key but the versions of its verdicts, where there are any. */
  #leave(key: Key, { ledger, verdicts }: KeyState): void {
    ledger.forgetMarks();
    if (verdicts.currencies.length === 0) this.#keys.delete(key);
  }

  /** From rows to totals, to a name, to nothing; what verdicts were emitted goes on to be counted from. */
  #step(state: KeyState): void {
    const { ledger, verdicts } = state;
    switch (ledger.memory) {
      case "rows":
        return this.#rule.isOfSums ? ledger.close() : ledger.forget();
      case "closed":
        return ledger.forget();
      case "forgotten":
        ledger.reset();
        state.own = "";
        verdicts.currencies = verdicts.currencies.filter((currency) => currency.version > 0);
    }
  }

  /** Nothing was judged since the step was planned, nothing waits, and nothing is wrong. */
  #isIdleSince(state: KeyState, planned: number): boolean {
    return this.#isIdle(state) && this.#stepAfter(state.ledger.lastPoint, state.ledger.memory) === planned;
  }

  #isIdle({ ledger, verdicts }: KeyState): boolean {
    const { waiting, timer } = ledger;
    if (this.#isKept(ledger)) return false;
    return waiting.size === 0 && timer === Number.POSITIVE_INFINITY && this.#judge.isQuiet(verdicts);
  }

  /** It has rows, and its rule compares them as long as they are there. */
  #isKept(ledger: KeyState["ledger"]): boolean {
    return this.#rule.keepsLive === true && ledger.hasRows;
  }

  #stepAfter(lastPoint: number, memory: Memory): number {
    return lastPoint + this.stepsAfter(memory);
  }
}
