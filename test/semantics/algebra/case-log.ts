import { Batch } from "../../../base/batch.ts";
import { BEFORE_ALL_TIME } from "../../../base/time.ts";
import { changeColumns, changeLayout, FIRST_FIELD, OP } from "../../../dataflow/change-layout.ts";
import { writeFields } from "../../../dataflow/row-writer.ts";
import type { SourceOutput, SourceReader, Split } from "../../../dataflow/source.ts";
import type { AlgebraCase, InputName, InputRow, StepInput } from "./format.ts";
import type { Oracle } from "./jobs/lookups.ts";
import { MODELS, valuesOf } from "./jobs/models.ts";
import type { OperatorSpec } from "./operators.ts";

/** What readers hand out next. */
type Event = (output: SourceOutput) => void;

/** The split of each input: a source with one table. */
const SPLIT: Split = { topic: "rows", partition: 0, table: "rows", heartbeat: false };

/** The log of a case, whose steps come one by one. */
export class CaseLog {
  /** How many steps have come. */
  come = 0;
  readonly #operator: OperatorSpec;
  readonly #steps: readonly StepInput[];
  readonly #inputs: readonly InputName[];
  readonly #oracle: Oracle;
  readonly #waiting = new Map<InputName, Event[]>();
  readonly #proven = new Map<InputName, number>();
  /** Rows that hold, by what is in them: the primary keys that they got in the log. */
  readonly #holding = new Map<string, string[]>();
  #rows = 0;

  /** `inputs`: those that the operator has. */
  constructor({ operator, steps }: AlgebraCase, inputs: readonly InputName[], oracle: Oracle) {
    this.#operator = operator;
    this.#steps = steps.flatMap(([input]) => oneByOne(input));
    this.#inputs = inputs;
    this.#oracle = oracle;
  }

  /** How many steps there are. */
  get length(): number {
    return this.#steps.length;
  }

  /** Lets the next step come. */
  next(): void {
    this.#come(this.#steps[this.come]!);
    this.come++;
  }

  /** What an input's reader is to hand out now. */
  take(input: InputName): readonly Event[] {
    return this.#waiting.get(input)?.splice(0) ?? [];
  }

  #come(input: StepInput): void {
    switch (input.type) {
      case "row": {
        const batch = this.#batchOf(input);
        this.#put(input.input, (output) => output.changes(MODELS[input.input], 0, batch));
        break;
      }
      case "watermark":
        for (const each of input.input === undefined ? this.#inputs : [input.input])
          this.#prove(each, Number(input.time));
        break;
      case "answer":
        for (const value of input.values) this.#oracle.answer(value);
        break;
      case "end":
        for (const each of this.#inputs) {
          this.#put(each, (output) => output.ended(0, this.#proven.get(each) ?? BEFORE_ALL_TIME));
        }
    }
  }

  /** A heartbeat proves what was before it. */
  #prove(input: InputName, time: number): void {
    this.#proven.set(input, Math.max(time, this.#proven.get(input) ?? BEFORE_ALL_TIME));
    this.#put(input, (output) => output.heartbeat(time + 1));
  }

  #put(input: InputName, event: Event): void {
    this.#waiting.set(input, [...(this.#waiting.get(input) ?? []), event]);
  }

  #batchOf(row: InputRow): Batch {
    const model = MODELS[row.input];
    const batch = new Batch(changeLayout(model), 1);
    const meta = changeColumns(batch);
    const isAdd = row.kind === "add";
    meta.kind.set(0, isAdd ? OP.create : OP.delete);
    meta.time.set(0, Number(row.time));
    meta.seed.nulls[0] = 1;
    meta.row.set(0, this.#primaryKey(row));
    for (const column of [meta.major, meta.sub, meta.offset, meta.table, meta.absent]) column.set(0, 0);
    meta.minor.set(0, this.#rows);
    writeFields(batch, FIRST_FIELD, 0, model.fields, isAdd ? valuesOf(row, this.#operator) : {});
    batch.count = 1;
    return batch;
  }

  /** A row that is taken back is one of those that hold, the first of equal ones. */
  #primaryKey({ kind, input, key, id, value, number }: InputRow): string {
    this.#rows++;
    const text = JSON.stringify([input, key, id, value, number]);
    const holding = this.#holding.get(text) ?? [];
    this.#holding.set(text, holding);
    if (kind === "retract") return holding.shift() ?? String(this.#rows);
    holding.push(String(this.#rows));
    return String(this.#rows);
  }
}

/** Reads an input of a case, in the one worker that has its split. */
export class CaseReader implements SourceReader {
  readonly source: InputName;
  readonly splits: readonly Split[];
  readonly longestTransactionMs = 0;
  readonly #log: CaseLog;

  constructor(log: CaseLog, input: InputName, hasSplit: boolean) {
    this.#log = log;
    this.source = input;
    this.splits = hasSplit ? [SPLIT] : [];
  }

  read(_split: number, _maxBytes: number, output: SourceOutput): boolean {
    const events = this.#log.take(this.source);
    for (const event of events) event(output);
    return events.length > 0;
  }

  formatPosition(...parts: readonly number[]): string {
    return parts.join("/");
  }

  /** Nothing is left in the split when a heartbeat is read. */
  position(): number {
    return 0;
  }

  endOffset(): number {
    return 0;
  }

  save(): void {}

  restore(): void {}

  close(): void {}
}

/** Of several answers each is handed on before the next one comes. */
function oneByOne(input: StepInput): readonly StepInput[] {
  return input.type === "answer" ? input.values.map((value) => ({ type: "answer", values: [value] })) : [input];
}

/** Splits of a case's inputs, by name. */
export const splitGroups = (inputs: readonly InputName[]): ReadonlyMap<string, number> =>
  new Map(inputs.map((input, index) => [`${input} rows/0`, index]));
