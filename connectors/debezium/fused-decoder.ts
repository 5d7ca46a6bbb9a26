import { OP } from "../../dataflow/change-layout.ts";
import { columnOf, type Field, fieldsFrom } from "../../dataflow/model.ts";
import { TRANSACTION_COLUMN } from "../../dataflow/source.ts";
import { type AvroSchema, describeField } from "../../schemas/decoder.ts";
import { leavesOf } from "../../schemas/schema-paths.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";
import { compileStraight, type StraightReader, type TakenField, type Taker } from "../../schemas/straight-reader.ts";
import type { DatabaseKind } from "./config.ts";
import { pathOf, type TableModel } from "./envelope-plan.ts";
import { fieldTaker, numberOf, transactionTaker } from "./fused-fields.ts";
import { FusedMoney } from "./fused-money.ts";
import { FARTHEST_MS } from "./instant.ts";
import { numberAtEnd } from "./position.ts";

/**
 * Decodes envelopes of one schema and maps them to all models of their table in one pass, without columns in between. It
 * reads what is *plain*: changes of which nothing is to be told but the rows. Whatever else a record has (a value that a
 * mapping does not take, one that Debezium left out, an operation that is no change of a row, damage), it is read by the
 * table's `EnvelopePlan`, which knows what is wrong with it.
 */
export class FusedDecoder {
  /** Of the change that was read last: one of `OP`, its `source.ts_ms`, and its position before epochs are told apart. */
  op = 0;
  time = 0;
  major = 0;
  minor = 0;
  sub = 0;
  #hasAfter = false;
  #read: StraightReader | undefined;
  readonly #money: FusedMoney[] = [];

  /** A decoder for a schema that suits all the models; undefined where some of what they read is never plain. */
  static compile(
    kind: DatabaseKind,
    schemaId: number,
    schema: AvroSchema,
    models: readonly TableModel[],
  ): FusedDecoder | undefined {
    const decoder = new FusedDecoder();
    const fields = [...decoder.#envelope(kind), ...models.flatMap((to) => decoder.#fields(kind, schema, to))];
    // What the plan reads it judges, and it reads the last field, to see where the record ends.
    const last = leavesOf(parseSchema(schema, String(schemaId)), String(schemaId)).at(-1)!;
    decoder.#read = compileStraight(schema, [...fields, { path: last, taker: ANYTHING }], String(schemaId));
    return decoder.#read && decoder;
  }

  /**
   * Reads the envelope `bytes[start .. end)` into row `batch.count + row` of every model's batch, which has room for it.
   * False for one that is not plain; the row is then unspecified.
   */
  read(bytes: Uint8Array, start: number, end: number, row: number): boolean {
    if (!this.#read!(bytes, start, end, row)) return false;
    if (this.#hasAfter === (this.op === OP.delete)) return false;
    for (let i = 0; i < this.#money.length; i++) if (!this.#money[i]!.finish(row)) return false;
    return true;
  }

  #envelope(kind: DatabaseKind): TakenField[] {
    const op: Taker = {
      none: refuse,
      bytes: (bytes, start, end) => {
        this.op = end - start === 1 ? bytes[start]! : 0;
        return this.op === OP.create || this.op === OP.update || this.op === OP.delete || this.op === OP.read;
      },
    };
    const after: Taker = {
      none: () => {
        this.#hasAfter = false;
        return true;
      },
      present: () => {
        this.#hasAfter = true;
        return true;
      },
    };
    const time = long((low, high) => {
      this.time = numberOf(low, high);
      return Math.abs(this.time) <= FARTHEST_MS;
    });
    return [
      { path: "op", taker: op },
      { path: "after", taker: after },
      { path: "source.ts_ms", taker: time },
      ...(kind === "mariadb" ? this.#binlog() : this.#lsn()),
    ];
  }

  #binlog(): TakenField[] {
    const file: Taker = {
      none: refuse,
      bytes: (bytes, start, end) => {
        this.major = numberAtEnd(bytes, start, end);
        return this.major >= 0;
      },
    };
    const pos = long((low, high) => {
      this.minor = numberOf(low, high);
      return true;
    });
    const row = long((low) => {
      this.sub = low;
      return true;
    });
    return [
      { path: "source.file", taker: file },
      { path: "source.pos", taker: pos },
      { path: "source.row", taker: row },
    ];
  }

  #lsn(): TakenField[] {
    const lsn = long((low, high) => {
      this.major = high >>> 0;
      this.minor = low >>> 0;
      return true;
    });
    return [{ path: "source.lsn", taker: lsn }];
  }

  #fields(kind: DatabaseKind, schema: AvroSchema, { model, table, batch }: TableModel): TakenField[] {
    return Object.entries(fieldsFrom(model, table)).flatMap(([name, field]: [string, Field]) => {
      const column = columnOf(name, field);
      const path = pathOf(column);
      const type = describeField(schema, path)!;
      if (column === TRANSACTION_COLUMN) return [{ path, taker: transactionTaker(kind, { batch, name }) }];
      if (field.kind !== "money") return [{ path, taker: fieldTaker(field, type, { batch, name }) }];
      const money = new FusedMoney(field.money ?? {}, type, { batch, name });
      this.#money.push(money);
      const from = field.money?.currencyFrom;
      const amount = { path, taker: money.amount };
      return from === undefined ? [amount] : [amount, { path: pathOf(from), taker: money.currency }];
    });
  }
}

const refuse = () => false;
const accept = () => true;

const ANYTHING: Taker = { none: accept, integer: accept, number: accept, bytes: accept };

function long(integer: (low: number, high: number) => boolean): Taker {
  return { none: refuse, integer };
}
