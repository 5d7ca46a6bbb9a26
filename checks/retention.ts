import type { Key } from "../base/key.ts";
import { days } from "../base/time.ts";
import type { KeyedState, Timers } from "../dataflow/operator.ts";
import type { Judge } from "./judge.ts";
import type { KeyState } from "./reconcile-operator.ts";

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

  /** Takes the steps that are due at a frontier. */
  through(frontier: number): void {
    for (let due = this.#timers.next(frontier); due !== undefined; due = this.#timers.next(frontier)) {
      const state = this.#keys.get(due.key);
      if (state !== undefined && this.#isIdleSince(state, due.time)) this.#step(due.key, state);
    }
  }

  #step(key: Key, state: KeyState): void {
    const { ledger, verdicts } = state;
    if (ledger.memory === "forgotten") {
      if (verdicts.currencies.every((currency) => currency.version === 0)) this.#keys.delete(key);
      return;
    }
    if (ledger.memory === "closed") ledger.forget();
    else ledger.close();
    this.watch(key, state);
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
