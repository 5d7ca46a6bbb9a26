import type { Key } from "../base/key.ts";
import { days } from "../base/time.ts";
import type { KeyedState, Timers } from "../dataflow/operator.ts";
import type { Judge } from "./judge.ts";
import type { KeyState } from "./verdict-log.ts";

/** How long a quiet key keeps its rows, so that a late line is shown beside those it doubles. */
const CLOSE_AFTER_MS = days(30);

/**
 * Ends the lives of keys, by "Retention" of the semantics. A key with nothing wrong and nothing due keeps its rows for a
 * month, then a marker of exact totals until `retain` after its last point: a late counterpart is still judged exactly.
 * For as long again it is only known that there was such a key, so that what comes is `unknown-after-retention` and not
 * taken for new business. Then nothing is left of it, but for a key of which verdicts were emitted: their versions go on
 * from the last one, whenever the next comes.
 */
export class Retention {
  readonly #keys: KeyedState<KeyState>;
  readonly #timers: Timers;
  readonly #judge: Judge;
  readonly #retainMs: number;

  constructor(keys: KeyedState<KeyState>, timers: Timers, judge: Judge, retainMs: number) {
    this.#keys = keys;
    this.#timers = timers;
    this.#judge = judge;
    this.#retainMs = retainMs;
  }

  /** A key has no point ahead: it may be on its way out. */
  watch(key: Key, { ledger }: KeyState): void {
    if (Number.isFinite(ledger.lastPoint)) this.#timers.register(key, this.#nextStep(ledger.lastPoint, ledger.memory));
  }

  /**
   * Takes the steps that a frontier has reached and that were due before the first change that waits: what it finds is
   * a matter of event time, however far the frontier moved at once.
   */
  age(state: KeyState, frontier: number): void {
    const { ledger } = state;
    for (;;) {
      if (ledger.memory !== "closed") ledger.dropUnknownRetracts();
      const next = ledger.waiting[0];
      if (next === undefined) return;
      const idle = Number.isFinite(ledger.lastPoint) && ledger.isIdle() && this.#judge.isQuiet(state.verdicts);
      const step = this.#nextStep(ledger.lastPoint, ledger.memory);
      if (!idle || step > frontier || step >= next.time || !this.#step(state)) return;
    }
  }

  /** Takes the steps that are due at a frontier. */
  through(frontier: number): void {
    for (let due = this.#timers.next(frontier); due !== undefined; due = this.#timers.next(frontier)) {
      const state = this.#keys.get(due.key);
      if (state === undefined || !this.#isIdleSince(state, due.time)) continue;
      if (!this.#step(state)) continue;
      if (state.ledger.memory === "rows") this.#keys.delete(due.key);
      else this.watch(due.key, state);
    }
  }

  /** From rows to totals, to a name, to nothing; false for a name that must be kept. */
  #step({ ledger, verdicts }: KeyState): boolean {
    switch (ledger.memory) {
      case "rows":
        ledger.close();
        return true;
      case "closed":
        ledger.forget();
        return true;
      case "forgotten":
        if (verdicts.currencies.some((currency) => currency.version > 0)) return false;
        ledger.reset();
        verdicts.currencies = [];
        return true;
    }
  }

  /** Nothing was judged since the step was planned, nothing waits, and nothing is wrong. */
  #isIdleSince({ ledger, verdicts }: KeyState, planned: number): boolean {
    return (
      ledger.waiting.length === 0 &&
      ledger.timer === Number.POSITIVE_INFINITY &&
      this.#nextStep(ledger.lastPoint, ledger.memory) === planned &&
      this.#judge.isQuiet(verdicts)
    );
  }

  #nextStep(lastPoint: number, memory: KeyState["ledger"]["memory"]): number {
    switch (memory) {
      case "rows":
        return lastPoint + Math.min(CLOSE_AFTER_MS, this.#retainMs);
      case "closed":
        return lastPoint + this.#retainMs;
      case "forgotten":
        return lastPoint + 2 * this.#retainMs;
    }
  }
}
