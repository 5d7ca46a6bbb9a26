import type { Batch } from "../base/batch.ts";
import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { TextColumn } from "../base/columns.ts";
import type { CountercheckError } from "../base/errors.ts";
import type { Key } from "../base/key.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { Model } from "../dataflow/model.ts";
import type { Control, Operator, OperatorContext } from "../dataflow/operator.ts";
import { Blindness } from "./blindness.ts";
import { DueKeys } from "./due-keys.ts";
import { FrontierView } from "./frontier-view.ts";
import { Judge } from "./judge.ts";
import { OUTPUTS } from "./records.ts";
import { ReferenceRows } from "./reference-rows.ts";
import { type InputRows, RowIntake } from "./row-intake.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import type { CheckInput, CheckRule } from "./rule.ts";
import { type KeyState, VerdictLog } from "./verdict-log.ts";
import { type RowChange, WholeRows } from "./whole-rows.ts";

/**
 * Checks rows by key: takes them in, and hands on what must be told. When a key is judged is in due-keys.ts, at which points
 * in ledger.ts; the judgement itself is the rule's.
 */
export class CheckOperator implements Operator {
  readonly #rule: CheckRule;
  readonly #inputs: readonly CheckInput[];
  readonly #intake: RowIntake;
  readonly #frontiers: FrontierView;
  readonly #blindness: Blindness;
  readonly #reference = new ReferenceRows();
  readonly #whole: WholeRows;
  #keys!: DueKeys;
  #context!: OperatorContext;
  #judge!: Judge;

  constructor(rule: CheckRule, inputs: readonly CheckInput[]) {
    this.#rule = rule;
    this.#inputs = inputs;
    this.#intake = new RowIntake(rule, inputs);
    this.#frontiers = new FrontierView(inputs.map((input) => input.model));
    this.#blindness = new Blindness(rule);
    this.#whole = new WholeRows(rule, inputs, (alert) => this.#context.emit(OUTPUTS.engine, alert));
  }

  open(context: OperatorContext): void {
    this.#context = context;
    const log = new VerdictLog(this.#rule, this.#inputs, (output, record) => context.emit(output, record));
    const scaleOf = (code: number) => this.#intake.scaleOf(code);
    const tellFailure = (failure: CountercheckError) => this.#tellFailure(failure);
    this.#judge = new Judge(this.#rule, this.#blindness, log, this.#reference, scaleOf, tellFailure);
    const around = { frontiers: this.#frontiers, blindness: this.#blindness, judge: this.#judge, scaleOf };
    this.#keys = new DueKeys(this.#rule, this.#inputs, context, { ...around, reference: this.#reference });
  }

  batch(input: number, batch: Batch): void {
    const { model, key, by, isReference } = this.#inputs[input]!;
    if (isReference) return this.#referenceRows(this.#intake.read(input, batch));
    const keys = batch.column(key) as TextColumn;
    const { plain } = this.#keys;
    plain?.read(input, batch, keys, this.#lateBy(model));
    const { changed } = this.#context;
    let rows: InputRows | undefined;
    let unkeyed = 0;
    let former = -1;
    let name: Key = "";
    for (let row = 0; row < batch.count; row++) {
      if (keys.nulls[row] === 1) {
        unkeyed++;
        continue;
      }
      changed?.(keys.text(row));
      if (plain?.take(row) === true) continue;
      rows ??= this.#intake.read(input, batch);
      // Rows of a key often come together.
      if (former < 0 || !keys.equals(row, keys, former)) name = keys.text(row);
      former = row;
      this.#change(name, rows, row);
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
    // What is due has been reached before anything else is known.
    if (element.type !== "frontier" && element.type !== "watermark") this.#keys.judgeAll();
    switch (element.type) {
      case "frontier":
        this.#frontiers.advance(input, element.source, element.through, element.since);
        return this.#keys.judgeReached();
      case "status":
        if (this.#frontiers.setStale(element.source, element.status === "stale")) this.#keys.heldUpChanged();
        return;
      case "fault":
        return this.#keys.hide(input, element.fault, element.fields);
      case "settled":
        return this.#keys.settle(element.fault);
      case "suspension":
        return this.#blindness.suspend(input, element.suspension);
      case "resumed":
        return this.#blindness.resume(input, element.suspension) ? this.#keys.heldUpChanged() : undefined;
      case "watermark":
        return;
    }
  }

  get isBehind(): boolean {
    return this.#keys.isBehind;
  }

  catchUp(): void {
    this.#keys.judgeMore();
  }

  end(): void {
    this.#keys.judgeAll();
    this.#judge.countsThrough(Number.POSITIVE_INFINITY);
  }

  /** The last word on every key, emitted or not. */
  report(): void {
    this.#keys.forEach((key, { ledger, verdicts }) => {
      for (const final of this.#judge.finals(key, ledger, verdicts)) this.#context.emit(OUTPUTS.finals, final);
    });
  }

  save(out: ByteWriter): void {
    this.#judge.saveCounts(out);
    out.uint(this.#inputs.length);
    for (let input = 0; input < this.#inputs.length; input++) {
      out.text(this.#rule.legs.find((leg) => leg.input === input)!.name);
    }
    out.float64(this.#keys.judgedThrough);
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
    this.#keys.judgedThrough = input.float64();
    this.#frontiers.restore(input, inputs);
    this.#blindness.restore(input, inputs);
    this.#reference.restore(input, inputs);
    // Where none was written, any band may be new.
    if (this.#bandMs > (input.isAtEnd ? 0 : input.uint())) this.#keys.scheduleEarlier();
  }

  recover(): void {
    this.#keys.recover();
  }

  get #bandMs(): number {
    return this.#rule.warnBeforeMs ?? 0;
  }

  #change(key: Key, rows: InputRows, row: number): void {
    const state = this.#keys.stateOf(key);
    const from = rows.evidence(row);
    const isAdd = rows.isAdd(row);
    if (!this.#whole.has(from)) return this.#take(key, state, { isAdd, from, entries: rows.entries(from, row) });
    const coming = {
      isAdd,
      isAsItWas: rows.isAsItWas(row),
      from,
      entriesOf: (own: RowEvidence) => rows.entries(own, row),
    };
    const changes = this.#whole.take(state.ledger, coming, this.#keys.judgedThrough);
    for (const change of changes) this.#take(key, state, change);
    if (state.ledger.isEmpty) this.#keys.keepMarks(key, state, from.time);
  }

  #take(key: Key, state: KeyState, { isAdd, from, entries }: RowChange): void {
    const { ledger } = state;
    const time = this.#effectiveTime(from);
    const isFirst = ledger.waiting.size === 0;
    ledger.add({ time, isAdd, row: from.id, entries });
    // What comes behind others and brings no point before the timer needs no look at all of them: a key may get many at once.
    if (isFirst || this.#firstPointOf(time, entries) < ledger.timer) this.#keys.schedule(key, state);
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
    const seeding = from.time === BEFORE_ALL_TIME && this.#keys.judgedThrough === BEFORE_ALL_TIME;
    if (seeding || from.time > through) return from.time;
    const id = `BEHIND_FRONTIER/${this.#rule.uid}/${source}`;
    const message = `Changes of ${source}.${table} came behind the frontier of ${source}: transactions take longer than \`longestTransaction\` says. They are judged late; raise it.`;
    this.#context.emit(OUTPUTS.engine, { id, code: "BEHIND_FRONTIER", source, message });
    return Math.max(from.time, this.#keys.judgedThrough + 1);
  }
}
