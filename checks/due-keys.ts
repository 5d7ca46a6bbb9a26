import type { Key } from "../base/key.ts";
import { BEFORE_ALL_TIME, days } from "../base/time.ts";
import type { KeyedState, OperatorContext, Timers } from "../dataflow/operator.ts";
import type { RecordFault } from "../dataflow/source.ts";
import type { Blindness } from "./blindness.ts";
import type { FrontierView } from "./frontier-view.ts";
import type { Judge } from "./judge.ts";
import { keyStateCodec } from "./key-state-codec.ts";
import { Ledger, type RowEnded } from "./ledger.ts";
import { openPlainKeys } from "./plain/open-plain-keys.ts";
import type { PlainKeys } from "./plain/plain-keys.ts";
import type { ReferenceRows } from "./reference-rows.ts";
import { Retention } from "./retention.ts";
import type { CheckInput, CheckRule, CurrencyScale } from "./rule.ts";
import type { KeyState, KeyVerdicts } from "./verdict-log.ts";

/** For how long a key that was judged may be judged again with the reference rows of then, in event time. */
const REFERENCE_KEPT_MS = days(30);

/** Keys that are judged at most, at some 20 µs each, before others have their turn. */
const KEYS_AT_ONCE = 1_000;

/** What decides when a key is judged, and what is said of it then. */
export interface DueSurroundings {
  readonly frontiers: FrontierView;
  readonly blindness: Blindness;
  readonly judge: Judge;
  readonly reference: ReferenceRows;
  scaleOf(currency: number): CurrencyScale;
}

/**
 * The keys of a check and when each of them is judged: at its next point, once every source's frontier has reached it and no
 * suspension holds it up. Keys whose point cannot be taken, or of which something is hidden, are unobservable meanwhile.
 */
export class DueKeys {
  /** Keys that are kept as bytes, where the rule can do with that. */
  readonly plain: PlainKeys | undefined;
  /** Frontier up to which all keys have been judged, but those whose timers are not later. */
  judgedThrough = BEFORE_ALL_TIME;
  #isBehind = false;
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  readonly #frontiers: FrontierView;
  readonly #blindness: Blindness;
  readonly #judge: Judge;
  readonly #reference: ReferenceRows;
  readonly #keys: KeyedState<KeyState>;
  readonly #timers: Timers;
  /** Points that only a stale source holds up. */
  readonly #waiting: Timers;
  readonly #retention: Retention;

  constructor(rule: CheckRule, inputs: readonly CheckInput[], context: OperatorContext, around: DueSurroundings) {
    this.#rule = rule;
    this.#inputs = inputs;
    this.#frontiers = around.frontiers;
    this.#blindness = around.blindness;
    this.#judge = around.judge;
    this.#reference = around.reference;
    this.#keys = context.state("keys", keyStateCodec(rule, inputs));
    this.#timers = context.timers("points");
    this.#waiting = context.timers("waiting");
    const tellsRepeats = inputs.some(({ stageless }) => stageless !== undefined && stageless.size > 0);
    this.#retention = new Retention(this.#keys, context.timers("retention"), this.#judge, rule, tellsRepeats);
    this.plain = openPlainKeys(rule, inputs, context, {
      scaleOf: (currency) => around.scaleOf(currency),
      stepsAfter: (memory) => this.#retention.stepsAfter(memory),
      judgedThrough: () => this.judgedThrough,
      count: (point, found, times) => this.#judge.count(point, found, times),
      mayBeOther: (hash) => this.#blindness.hidesKeys || this.#keys.mayHave(hash),
      isOther: (key) => this.#keys.get(key) !== undefined || this.#blindness.reasonFor(key) !== null,
      due: (key, point) => this.#timers.register(key, point),
      expanded: (key, state, retireAt) => this.#takeOver(key, state, retireAt),
    });
  }

  /** All keys; plain ones as if they were expanded, to be looked at only. */
  forEach(visit: (key: Key, state: KeyState) => void): void {
    this.#keys.forEach(visit);
    this.plain?.forEach(visit);
  }

  /** What is kept of a key that is not plain; a fresh one where nothing is. */
  stateOf(key: Key): KeyState {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const fresh: KeyState = {
      ledger: new Ledger(this.#rule.skewMs, this.#rule.warnBeforeMs),
      verdicts: { currencies: [] },
      own: "",
    };
    this.#keys.set(key, fresh);
    return fresh;
  }

  /** Plans when a key is looked at next: what is known of it changed. */
  schedule(key: Key, state: KeyState): void {
    const { ledger } = state;
    const point = Math.min(ledger.nextPoint(this.#floor), this.#retention.nextStep(state));
    if (point === Number.POSITIVE_INFINITY) this.#retention.watch(key, state);
    if (point >= ledger.timer) return;
    ledger.timer = point;
    this.#timers.register(key, point);
  }

  /** No row of a key is known, unless that one went, at a time. */
  keepMarks(key: Key, state: KeyState, wentAt: number): void {
    if (state.ledger.hasMarks) this.#retention.watchMarks(key, state, wentAt);
    else if (state.verdicts.currencies.length === 0) this.#keys.delete(key);
  }

  /** Bands begin earlier than when keys were written: timers that are later than their next point would warn too late. */
  scheduleEarlier(): void {
    const late: Key[] = [];
    this.#keys.forEach((key, { ledger }) => {
      if (ledger.nextPoint(this.#floor) < ledger.timer) late.push(key);
    });
    for (const key of late) this.schedule(key, this.#keys.get(key)!);
  }

  /** Takes a key that was plain. */
  #takeOver(key: Key, state: KeyState, retireAt: number): void {
    this.#keys.set(key, state);
    if (Number.isFinite(retireAt)) this.#retention.watchAt(key, state, retireAt);
    this.schedule(key, state);
  }

  /** Keys may be due that are not judged yet: `judgeMore` goes on. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** Judges what is due, or the first of it: frontiers went on, or something holds them up no more. */
  judgeReached(): void {
    const through = Math.min(this.#frontiers.through, this.#blindness.judgeableThrough);
    if (through > this.judgedThrough) {
      this.judgedThrough = through;
      this.#isBehind = true;
      this.#wakeWaiting();
      this.plain?.judgeThrough(through, this.#floor);
    }
    this.judgeMore();
  }

  /** State was restored: some of it may have been due. */
  recover(): void {
    this.#isBehind = this.judgedThrough > BEFORE_ALL_TIME;
    this.plain?.recover(this.judgedThrough, this.#floor);
  }

  /** Judges all that is due. */
  judgeAll(): void {
    while (this.#isBehind) this.judgeMore();
  }

  /**
   * Judges some of the keys whose next point all frontiers have reached and no suspension holds up, in the order of their
   * timers, which say which are left; then marks those that only a suspension or a stale source holds up. What comes meanwhile
   * has no part in points that frontiers have reached.
   */
  judgeMore(): void {
    if (this.#isBehind && !this.#judgeSome()) return;
    this.#isBehind = false;
    this.#markBlind();
  }

  /** False where some are left. */
  #judgeSome(): boolean {
    const through = this.judgedThrough;
    if (this.plain?.judgeMore() === false) return false;
    for (let left = KEYS_AT_ONCE; left > 0; left--) {
      const due = this.#timers.next(through);
      if (due === undefined) {
        this.#judge.countsThrough(through);
        this.#retention.through(through);
        this.#reference.forgetBefore(through - REFERENCE_KEPT_MS);
        return true;
      }
      // A plain key gets a timer by being expanded.
      if (this.plain?.expand(due.key) !== true) this.#judgeKey(due.key, due.time, through);
    }
    return false;
  }

  #judgeKey(key: Key, timer: number, through: number): void {
    const state = this.#keys.get(key);
    if (state === undefined || !isTimerOf(state.ledger, timer)) return;
    const { ledger, verdicts } = state;
    ledger.timer = Number.POSITIVE_INFINITY;
    for (;;) {
      this.#retention.age(state, through);
      const point = ledger.nextPoint(this.#floor);
      if (point > through) break;
      const first = !ledger.judged;
      if (ledger.advance(point, this.#floor, this.#endedOf(state))) this.#judge.at(point, key, state, first);
      else if (ledger.entersBand) this.#judge.warn(point, key, state);
    }
    if (!ledger.isEmpty || verdicts.currencies.length > 0) this.schedule(key, state);
    else if (ledger.hasMarks) this.#retention.watchMarks(key, state, through);
    else this.#keys.delete(key);
  }

  /** For rules that remember rows which are over. */
  #endedOf(state: KeyState): RowEnded | undefined {
    const rule = this.#rule;
    if (rule.ended === undefined) return undefined;
    return (entries, time) => {
      for (const entry of entries) state.own = rule.ended!(state.own, entry, time);
    };
  }

  /**
   * Keys with a point that a suspension holds up, or that the other sources have reached but a stale one has not, are
   * unobservable until it is judged. Their points are not taken meanwhile: what is read until then counts in them.
   */
  #markBlind(): void {
    const reached = this.#frontiers.throughOfActive() ?? this.#frontiers.through;
    if (reached <= this.judgedThrough || reached < this.#floor) return;
    this.plain?.expandDue(reached);
    for (let due = this.#timers.next(reached); due !== undefined; due = this.#timers.next(reached)) {
      const state = this.#keys.get(due.key);
      if (state === undefined || state.ledger.timer !== due.time) continue;
      if (this.#hasPassed(state.ledger.nextPoint(this.#floor))) {
        this.#judgeKey(due.key, due.time, this.judgedThrough);
        continue;
      }
      const next = state.ledger.nextJudgement(this.#floor);
      if (next > due.time && Number.isFinite(next)) {
        // Where nothing is judged, nothing is hidden: the key is looked at again at its next judgement, or once all is seen.
        this.#waiting.register(due.key, due.time);
        state.ledger.timer = next;
        this.#timers.register(due.key, next);
        continue;
      }
      const point = Math.max(due.time, this.#floor);
      const reason =
        this.#blindness.suspensionAt(point) ?? `source ${this.#frontiers.staleSources().join(", ")} is stale`;
      this.#judge.blind(point, due.key, state, reason);
      this.#waiting.register(due.key, due.time);
    }
  }

  /** A point lies where all has been judged, as one may that another skew brings to a key: nothing holds it up. */
  #hasPassed(point: number): boolean {
    return this.judgedThrough !== BEFORE_ALL_TIME && point <= this.judgedThrough;
  }

  /** A source went stale or moves again, or a suspension is over: the keys that wait are looked at again. */
  heldUpChanged(): void {
    this.#wakeWaiting();
    this.judgeReached();
  }

  #wakeWaiting(): void {
    const end = Number.POSITIVE_INFINITY;
    for (let due = this.#waiting.next(end); due !== undefined; due = this.#waiting.next(end)) {
      this.#timers.register(due.key, due.time);
    }
  }

  /** Keys that a faulty record names, by what of it can be read or by what its row had before, cannot be observed. */
  hide(input: number, fault: RecordFault, fields: readonly Readonly<Record<string, Key>>[]): void {
    const { by } = this.#inputs[input]!;
    // Of a key of several parts, one that names it whole cannot be told from what is readable of the record.
    const hidden = new Set(by.length === 1 ? fields.flatMap((row) => row[by[0]!] ?? []) : []);
    for (const name of hidden) this.#blindness.hideKey(fault.id, name);
    if (hidden.size > 0) return this.#rejudge(hidden);
    if (!this.#blindness.hideInput(fault.id, input)) return;
    const rests = (cause: string) => this.#blindness.restsOn(cause, input);
    this.#rejudge(this.#keysWhere((verdicts) => this.#judge.fails(verdicts, rests)));
  }

  /** A person settled a fault: what it hid is judged as it is seen now. */
  settle(fault: string): void {
    const { keys, input } = this.#blindness.settle(fault);
    this.#rejudge(keys);
    if (input) this.#rejudgeUnobservable();
  }

  #rejudgeUnobservable(): void {
    this.#rejudge(this.#keysWhere((verdicts) => this.#judge.isUnobservable(verdicts)));
  }

  #keysWhere(holds: (verdicts: KeyVerdicts) => boolean): Key[] {
    const keys: Key[] = [];
    this.#keys.forEach((key, { verdicts }) => {
      if (holds(verdicts)) keys.push(key);
    });
    return keys;
  }

  /** Judges keys again at their last point, because what can be seen of them changed. */
  #rejudge(keys: Iterable<Key>): void {
    for (const key of keys) {
      this.plain?.expand(key);
      const state = this.#keys.get(key);
      if (state?.ledger.judged) this.#judge.again(key, state);
    }
  }

  /** No key is judged before the seed of every source is complete. */
  get #floor(): number {
    return this.#frontiers.since + this.#rule.skewMs;
  }
}

/** Timers of other times have been overtaken, but for one before it, which waited for what could not be seen. */
function isTimerOf({ timer }: Ledger, time: number): boolean {
  return time === timer || (time < timer && Number.isFinite(timer));
}
