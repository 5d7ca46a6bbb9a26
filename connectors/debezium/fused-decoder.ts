import type { RecordBatch } from "../../base/record-batch.ts";
import type { ChangeColumns } from "../../dataflow/change-layout.ts";
import { columnOf, type Field, fieldsFrom } from "../../dataflow/model.ts";
import { TRANSACTION_COLUMN } from "../../dataflow/source.ts";
import { describeField } from "../../schemas/decoder.ts";
import * as primitives from "../../schemas/decoder-primitives.ts";
import { leavesOf } from "../../schemas/schema-paths.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";
import { REFUSE, STRAIGHT_VARIABLES, StraightSource, type Taker } from "../../schemas/straight-source.ts";
import { FRAME_LENGTH } from "../../schemas/wire-format.ts";
import type { DatabaseKind } from "./config.ts";
import { pathOf, readsBefore, SNAPSHOT, type TableModel } from "./envelope-plan.ts";
import { envelopeTakers, notIncremental } from "./fused-envelope.ts";
import { FusedField } from "./fused-fields.ts";
import { type KnownSchema, takeKey } from "./fused-key.ts";
import { FusedMoney } from "./fused-money.ts";
import { FusedWriter } from "./fused-writer.ts";

/**
 * Decodes records of one schema of values and one of keys, and maps them to all models of their table, in one generated
 * function, without columns in between. It reads what is *plain*: changes of which nothing is to be told but the rows.
 * Whatever else a record has (another schema, a value that a mapping does not take, one that Debezium left out, an
 * operation that is no change of a row, damage), it goes by its schema's `EnvelopePlan`, which knows what is wrong with it.
 */
export class FusedDecoder {
  /** Rows that there were after the last `read`. */
  rows = 0;
  readonly #read: FusedRead;

  private constructor(read: FusedRead) {
    this.#read = read;
  }

  /** A decoder for schemas that suit all the models; undefined where some of what they read is never plain. */
  static compile(
    kind: DatabaseKind,
    value: KnownSchema,
    key: KnownSchema,
    models: readonly TableModel[],
  ): FusedDecoder | undefined {
    const read = new FusedSource(kind, value, key, models).compile();
    return read && new FusedDecoder(read);
  }

  /**
   * Reads records from the i-th on, up to the first that is not plain; gives its number, or the count of records.
   * The rows go to `row` … of `head`, but for what `SplitTimes` puts there, and `batch.count + row` … of every model's batch,
   * which all have room for them. Above `rows` rows are unspecified.
   */
  read(records: RecordBatch, i: number, row: number, head: ChangeColumns): number {
    return this.#read(records, i, row, head, this);
  }
}

type FusedRead = (records: RecordBatch, i: number, row: number, head: ChangeColumns, done: { rows: number }) => number;

/** Writes the function of a `FusedDecoder`. */
class FusedSource {
  readonly #out = new FusedWriter();
  readonly #kind: DatabaseKind;
  readonly #value: KnownSchema;
  readonly #key: KnownSchema;
  readonly #models: readonly TableModel[];
  readonly #money: FusedMoney[] = [];

  constructor(kind: DatabaseKind, value: KnownSchema, key: KnownSchema, models: readonly TableModel[]) {
    this.#kind = kind;
    this.#value = value;
    this.#key = key;
    this.#models = models;
  }

  compile(): FusedRead | undefined {
    const { schema, id } = this.#value;
    const value = new StraightSource(schema, String(id));
    const key = new StraightSource(this.#key.schema, String(this.#key.id));
    const hasBefore = this.#models.some(readsBefore);
    const head = envelopeTakers(this.#kind, hasBefore);
    if (hasBefore && describeField(schema, SNAPSHOT) !== undefined) head.push(notIncremental);
    const takers = [...head, ...this.#models.flatMap((to) => this.#fields(to)), this.#last()];
    if (!takers.every(([path, taker]) => value.take(path, taker)) || !takeKey(this.#out, key, this.#key))
      return undefined;
    this.#writeRecord(value, key);
    const { body, constants } = this.#out.wrap(this.#begin(), END);
    return new Function("constants", "primitives", body)(constants, primitives);
  }

  #fields({ model, table, batch }: TableModel): [string, Taker][] {
    const out = this.#out;
    return Object.entries(fieldsFrom(model, table)).flatMap(([name, field]: [string, Field]): [string, Taker][] => {
      const column = columnOf(name, field);
      const path = pathOf(column);
      const type = describeField(this.#value.schema, path)!;
      if (field.kind === "money") {
        const { currencyFrom } = field.money ?? {};
        const money = new FusedMoney(out, field.money ?? {}, type, batch, name);
        this.#money.push(money);
        return [
          [path, money.amount],
          ...(currencyFrom === undefined ? [] : [[pathOf(currencyFrom), money.currency!] as [string, Taker]]),
        ];
      }
      const to = new FusedField(out, batch, name);
      return [[path, column === TRANSACTION_COLUMN ? to.transactionTaker(this.#kind) : to.taker(field, type)]];
    });
  }

  /** The plan reads the last field too, to see where the record ends, and judges what it reads. */
  #last(): [string, Taker] {
    const { schema, id } = this.#value;
    const nothing = () => {};
    const path = leavesOf(parseSchema(schema, String(id)), String(id)).at(-1)!;
    return [path, { none: nothing, integer: nothing, number: nothing, bytes: nothing }];
  }

  #writeRecord(value: StraightSource, key: StraightSource): void {
    const out = this.#out;
    out.line("p = valueStarts[i]; end = valueEnds[i];");
    this.#writeFrame(this.#value.id);
    value.write(out);
    out.line(`if ((op === 100) === hasAfter) ${REFUSE}`);
    for (const money of this.#money) money.finish();
    out.line("p = keyStarts[i]; end = keyEnds[i];");
    this.#writeFrame(this.#key.id);
    key.write(out);
  }

  /** A start of −1 is that of no value. */
  #writeFrame(id: number): void {
    const bytes = [0, id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255];
    const differs = bytes.map((byte, at) => `b[p + ${at}] !== ${byte}`).join(" || ");
    this.#out.line(`if (p < 0 || end - p < ${FRAME_LENGTH} || ${differs}) ${REFUSE}`);
    this.#out.line(`p += ${FRAME_LENGTH};`);
  }

  #begin(): string[] {
    return [
      "return function read(records, i, row, head, done) {",
      "const { count, buffer: b, offsets, keyStarts, keyEnds, valueStarts, valueEnds } = records;",
      ...["kind", "time", "major", "minor", "sub", "offset"].map((name) => `const ${name} = head.${name}.values;`),
      "const keys = head.row;",
      ...this.#out.prologue,
      STRAIGHT_VARIABLES,
      "let op = 0, hasAfter = false;",
      "depth = 0;",
      "try {",
      "for (; i < count; i++) {",
      // A tombstone.
      "if (valueStarts[i] < 0) continue;",
      "plain: {",
    ];
  }
}

const END = [
  "offset[row] = offsets[i];",
  "row++;",
  "continue;",
  "}",
  "break;",
  "}",
  "} catch (error) { if (!(error instanceof Malformed)) throw error; }",
  "done.rows = row;",
  "return i;",
  "};",
];
