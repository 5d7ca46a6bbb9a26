import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { TextColumn } from "../base/columns.ts";
import type { CountercheckError } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { BEFORE_ALL_TIME, days } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control, KeyedState, Operator, OperatorContext, Timers } from "../dataflow/operator.ts";
import type { RecordFault } from "../dataflow/source.ts";
import { Blindness } from "./blindness.ts";
import { FrontierView } from "./frontier-view.ts";
import { Judge } from "./judge.ts";
import { keyStateCodec } from "./key-state-codec.ts";
import { Ledger, type RowEnded } from "./ledger.ts";
import { openPlainKeys } from "./plain/open-plain-keys.ts";
import type { PlainKeys } from "./plain/plain-keys.ts";
import { OUTPUTS } from "./records.ts";
import { ReferenceRows } from "./reference-rows.ts";
import { Retention } from "./retention.ts";
import { type InputRows, RowIntake } from "./row-intake.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { CheckInput, CheckRule } from "./rule.ts";
import { type KeyState, type KeyVerdicts, VerdictLog } from "./verdict-log.ts";

/** For how long a key that was judged may be judged again with the reference rows of then, in event time. */
const REFERENCE_KEPT_MS = days(30);

/**
 * Checks rows by key: takes them in, waits until every source's frontier has reached a key's next point, judges it
 * there, and hands on what must be told. The judgement itself is the rule's, the points are in ledger.ts.
 */
export class CheckOperator implements Operator {
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  readonly #intake: RowIntake;
  readonly #frontiers: FrontierView;
  readonly #blindness: Blindness;
  readonly #reference = new ReferenceRows();
  #keys!: KeyedState<KeyState>;
  #timers!: Timers;
  /** Points that only a stale source holds up. */
  #waiting!: Timers;
  #context!: OperatorContext;
  #judge!: Judge;
  #retention!: Retention;
  /** Keys that are kept as bytes, where the rule can do with that. */
  #plain: PlainKeys | undefined;
  /** Frontier up to which all keys have been judged. */
  #judgedThrough = Number.NEGATIVE_INFINITY;

  constructor(rule: CheckRule, inputs: readonly CheckInput[]) {
    this.#rule = rule;
    this.#inputs = inputs;
    this.#intake = new RowIntake(rule, inputs);
    this.#frontiers = new FrontierView(inputs.map((input) => input.model));
    this.#blindness = new Blindness(rule);
  }

  open(context: OperatorContext): void {
    this.#context = context;
    this.#keys = context.state("keys", keyStateCodec(this.#rule, this.#inputs));
    this.#timers = context.timers("points");
    this.#waiting = context.timers("waiting");
    const log = new VerdictLog(this.#rule, this.#inputs, (output, record) => context.emit(output, record));
    const scaleOf = (code: number) => this.#intake.scaleOf(code);
    const tellFailure = (failure: CountercheckError) => this.#tellFailure(failure);
    this.#judge = new Judge(this.#rule, this.#blindness, log, this.#reference, scaleOf, tellFailure);
    this.#retention = new Retention(this.#keys, context.timers("retention"), this.#judge, this.#rule);
    this.#plain = openPlainKeys(this.#rule, this.#inputs, context, {
      scaleOf,
      stepsAfter: (memory) => this.#retention.stepsAfter(memory),
      judgedThrough: () => this.#judgedThrough,
      count: (point, found, times) => this.#judge.count(point, found, times),
      mayBeOther: (hash) => this.#blindness.hidesKeys || this.#keys.mayHave(hash),
      isOther: (key) => this.#keys.get(key) !== undefined || this.#blindness.reasonFor(key) !== null,
      expanded: (key, state, retireAt) => this.#takeOver(key, state, retireAt),
    });
  }

  batch(input: number, batch: Batch): void {
    const { model, key, by, isReference } = this.#inputs[input]!;
    if (isReference) return this.#referenceRows(this.#intake.read(input, batch));
    const keys = batch.column(key) as TextColumn;
    const plain = this.#plain;
    plain?.read(input, batch, keys, this.#lateBy(model));
    const { changed } = this.#context;
    let rows: InputRows | undefined;
    let unkeyed = 0;
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) {
        unkeyed++;
        continue;
      }
      changed?.(keys.text(row));
      if (plain?.take(row) === true) continue;
      rows ??= this.#intake.read(input, batch);
      this.#change(keys.text(row), rows, row);
    }
    if (unkeyed > 0) this.#tellUnkeyed(model, by.join(" and "));
  }

  #referenceRows(rows: InputRows): void {
    for (let row = 0; row < rows.count; row++) {
      const from = rows.evidence(row);
      this.#reference.change(rows.isAdd(row), from, this.#effectiveTime(from));
    }
  }

  control(input: number, element: Control): void {
    switch (element.type) {
      case "frontier":
        this.#frontiers.advance(input, element.source, element.through, element.since);
        return this.#judgeReached();
      case "status":
        if (this.#frontiers.setStale(element.source, element.status === "stale")) this.#heldUpChanged();
        return;
      case "fault":
        return this.#fault(input, element.fault, element.fields);
      case "settled":
        return this.#settle(element.fault);
      case "suspension":
        return this.#blindness.suspend(input, element.suspension);
      case "resumed":
        return this.#blindness.resume(input, element.suspension) ? this.#heldUpChanged() : undefined;
      case "watermark":
        return;
    }
  }

  end(): void {
    this.#judge.countsThrough(Number.POSITIVE_INFINITY);
  }

  /** The last word on every key, emitted or not. */
  report(): void {
    const tell = (key: Key, { ledger, verdicts }: KeyState) => {
      for (const final of this.#judge.finals(key, ledger, verdicts)) this.#context.emit(OUTPUTS.finals, final);
    };
    this.#keys.forEach(tell);
    this.#plain?.forEach(tell);
  }

  save(out: ByteWriter): void {
    this.#judge.saveCounts(out);
    out.uint(this.#inputs.length);
    for (let input = 0; input < this.#inputs.length; input++) {
      out.text(this.#rule.legs.find((leg) => leg.input === input)!.name);
    }
    out.float64(this.#judgedThrough);
    this.#frontiers.save(out);
    this.#blindness.save(out);
    this.#reference.save(out);
    out.uint(this.#bandMs);
  }

  /** Frontiers and what is hidden are the same for all subtasks. Sources begin as active again. */
  restore(saved: readonly ByteReader[]): void {
    for (const input of saved) this.#judge.restoreCounts(input, this.#context.isFirst);
    const [input] = saved;
    if (input === undefined) return;
    const legs = Array.from({ length: input.uint() }, () => input.text());
    const inputs = legs.map((name) => this.#rule.legs.find((leg) => leg.name === name)!.input);
    this.#judgedThrough = input.float64();
    this.#frontiers.restore(input, inputs);
    this.#blindness.restore(input, inputs);
    this.#reference.restore(input, inputs);
    // Where none was written, any band may be new.
    if (this.#bandMs > (input.isAtEnd ? 0 : input.uint())) this.#scheduleEarlier();
  }

  recover(): void {
    this.#plain?.recover(this.#judgedThrough);
  }

  /** Bands begin earlier than when keys were written: timers that are later than their next point would warn too late. */
  #scheduleEarlier(): void {
    const late: Key[] = [];
    this.#keys.forEach((key, { ledger }) => {
      if (ledger.nextPoint(this.#floor) < ledger.timer) late.push(key);
    });
    for (const key of late) this.#schedule(key, this.#keys.get(key)!);
  }

  get #bandMs(): number {
    return this.#rule.warnBeforeMs ?? 0;
  }

  #change(key: Key, rows: InputRows, row: number): void {
    const state = this.#stateOf(key);
    const from = rows.evidence(row);
    const time = this.#effectiveTime(from);
    const entries = rows.entries(from, row);
    const { ledger } = state;
    const isFirst = ledger.waiting.length === 0;
    ledger.add({ time, isAdd: rows.isAdd(row), row: from.id, entries });
    // What comes behind others and brings no point before the timer needs no look at all of them: a key may get many at once.
    if (isFirst || this.#firstPointOf(time, entries) < ledger.timer) this.#schedule(key, state);
  }

  /** No point that a change brings to a key is before this one. */
  #firstPointOf(time: number, entries: readonly Entry[]): number {
    return entries.reduce((least, { dueAt }) => Math.min(least, dueAt), time) + this.#rule.skewMs;
  }

  /** A function of the job failed at a key, which is unobservable, and the others go on. */
  #tellFailure({ code, message }: CountercheckError): void {
    const { source } = this.#inputs[0]!.model.from[0]!;
    this.#context.emit(OUTPUTS.engine, { id: `${code}/${this.#rule.uid}`, code, source, message });
  }

  /** Rows without a business key are part of no verdict, which a person should know. */
  #tellUnkeyed(model: Model, key: string): void {
    const { uid } = this.#rule;
    const source = model.from[0]!.source;
    const message = `Rows of ${model.name} have no ${key}: they take part in no verdict of ${uid}. Leave them out with \`where\`, or map another column.`;
    this.#context.emit(OUTPUTS.engine, { id: `UNKEYED/${uid}/${model.name}`, code: "UNKEYED", source, message });
  }

  /** By table of a model: the time at or before which its changes come too late, as `#effectiveTime` tells. */
  #lateBy({ from }: Model): number[] {
    const judgeable = this.#blindness.judgeableThrough;
    return from.map(({ source }) => Math.min(this.#frontiers.of(source), judgeable));
  }

  /** A change behind its source's frontier is judged at the next point: as if it came just behind the frontier. */
  #effectiveTime(from: RowEvidence): number {
    const { source, table } = this.#inputs[from.input]!.model.from[from.table]!;
    // What a suspension holds up has not been judged, so what was left out and is read again comes in time.
    const through = Math.min(this.#frontiers.of(source), this.#blindness.judgeableThrough);
    const seeding = from.time === BEFORE_ALL_TIME && this.#judgedThrough === BEFORE_ALL_TIME;
    if (seeding || from.time > through) return from.time;
    const id = `BEHIND_FRONTIER/${this.#rule.uid}/${source}`;
    const message = `Changes of ${source}.${table} came behind the frontier of ${source}: transactions take longer than \`longestTransaction\` says. They are judged late; raise it.`;
    this.#context.emit(OUTPUTS.engine, { id, code: "BEHIND_FRONTIER", source, message });
    return Math.max(from.time, this.#judgedThrough + 1);
  }

  /** A key that was plain. */
  #takeOver(key: Key, state: KeyState, retireAt: number): void {
    this.#keys.set(key, state);
    if (Number.isFinite(retireAt)) this.#retention.watchAt(key, state, retireAt);
    this.#schedule(key, state);
  }

  #schedule(key: Key, state: KeyState): void {
    const { ledger } = state;
    const point = Math.min(ledger.nextPoint(this.#floor), this.#retention.nextStep(state));
    if (point === Number.POSITIVE_INFINITY) this.#retention.watch(key, state);
    if (point >= ledger.timer) return;
    ledger.timer = point;
    this.#timers.register(key, point);
  }

  /**
   * Judges every key whose next point all frontiers have reached and no suspension holds up; then marks those that only a
   * suspension or a stale source does.
   */
  #judgeReached(): void {
    const through = Math.min(this.#frontiers.through, this.#blindness.judgeableThrough);
    if (through > this.#judgedThrough) {
      this.#judgedThrough = through;
      this.#wakeWaiting();
      this.#plain?.judgeThrough(through, this.#floor);
      for (let due = this.#timers.next(through); due !== undefined; due = this.#timers.next(through)) {
        this.#judgeKey(due.key, due.time, through);
      }
      this.#judge.countsThrough(through);
      this.#retention.through(through);
      this.#reference.forgetBefore(through - REFERENCE_KEPT_MS);
    }
    this.#markBlind();
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
    const isEmpty = ledger.lastChange === undefined && ledger.waiting.length === 0;
    if (isEmpty && verdicts.currencies.length === 0) this.#keys.delete(key);
    else this.#schedule(key, state);
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
    if (reached <= this.#judgedThrough || reached < this.#floor) return;
    this.#plain?.expandDue(reached);
    for (let due = this.#timers.next(reached); due !== undefined; due = this.#timers.next(reached)) {
      const state = this.#keys.get(due.key);
      if (state === undefined || state.ledger.timer !== due.time) continue;
      if (this.#hasPassed(state.ledger.nextPoint(this.#floor))) {
        this.#judgeKey(due.key, due.time, this.#judgedThrough);
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
    return this.#judgedThrough !== BEFORE_ALL_TIME && point <= this.#judgedThrough;
  }

  /** A source went stale or moves again, or a suspension is over: the keys that wait are looked at again. */
  #heldUpChanged(): void {
    this.#wakeWaiting();
    this.#judgeReached();
  }

  #wakeWaiting(): void {
    const end = Number.POSITIVE_INFINITY;
    for (let due = this.#waiting.next(end); due !== undefined; due = this.#waiting.next(end)) {
      this.#timers.register(due.key, due.time);
    }
  }

  /** Keys that a faulty record names, by what of it can be read or by what its row had before, cannot be observed. */
  #fault(input: number, fault: RecordFault, fields: readonly Readonly<Record<string, Key>>[]): void {
    const { by } = this.#inputs[input]!;
    // Of a key of several parts, one that names it whole cannot be told from what is readable of the record.
    const hidden = new Set(by.length === 1 ? fields.flatMap((row) => row[by[0]!] ?? []) : []);
    for (const name of hidden) this.#blindness.hideKey(fault.id, name);
    if (hidden.size > 0) return this.#rejudge(hidden);
    if (!this.#blindness.hideInput(fault.id, input)) return;
    const rests = (cause: string) => this.#blindness.restsOn(cause, input);
    this.#rejudge(this.#keysWhere((verdicts) => this.#judge.fails(verdicts, rests)));
  }

  #settle(fault: string): void {
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
      this.#plain?.expand(key);
      const state = this.#keys.get(key);
      if (state?.ledger.judged) this.#judge.again(key, state);
    }
  }

  #stateOf(key: Key): KeyState {
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

  /** No key is judged before the seed of every source is complete. */
  get #floor(): number {
    return this.#frontiers.since + this.#rule.skewMs;
  }
}

/** Timers of other times have been overtaken, but for one before it, which waited for what could not be seen. */
function isTimerOf({ timer }: Ledger, time: number): boolean {
  return time === timer || (time < timer && Number.isFinite(timer));
}
