import type { Batch } from "../../base/batch.ts";
import type { Column, TextColumn } from "../../base/columns.ts";
import type { Field } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import { REFUSE, type Taker } from "../../schemas/straight-source.ts";
import { isPlaceholder } from "./absent-values.ts";
import type { DatabaseKind } from "./config.ts";
import { SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";
import { defaultWriter } from "./default-value.ts";
import type { FusedWriter } from "./fused-writer.ts";
import { FARTHEST_MS, InstantParser } from "./instant.ts";
import { unitOf } from "./instant-mapping.ts";
import { KeyWriter, putInteger } from "./key-text.ts";
import { endOfName } from "./transaction-id.ts";
import { integerNames, TextNames } from "./value-mapping.ts";

/** `low` and `high` as a number: exact where `IS_SAFE`, else the nearest double. */
export const AS_NUMBER = "high * 4294967296 + (low >>> 0)";
/** True where that is exact whatever `low` is. */
export const IS_SAFE = "high > -2097152 && high < 2097152";

/**
 * Writes what becomes of one field's values, as `fieldMapping` has it, but for money: each into the column's row `at`. What
 * that would note as bad is refused.
 */
export class FusedField {
  readonly #out: FusedWriter;
  readonly #to: Column;
  readonly #column: string;
  readonly #at: string;

  constructor(out: FusedWriter, batch: Batch, name: string) {
    this.#out = out;
    this.#to = batch.column(name);
    this.#column = out.known(this.#to);
    this.#at = out.rowOf(batch);
  }

  taker(field: Field, type: FieldDescription): Taker {
    return { none: this.#none(field), ...this.#values(field, type) };
  }

  /** Of names of transactions; see `transactionIdMapping`. */
  transactionTaker(kind: DatabaseKind): Taker {
    const writer = this.#out.known(new KeyWriter());
    const end = this.#out.known(endOfName);
    const kindOf = this.#out.constant(kind);
    return {
      none: this.#none({ kind: "text" }),
      bytes: this.#line(
        `${writer}.reset(); ${writer}.text(s, from, ${end}(${kindOf}, s, from, to)); ${writer}.putInto(${this.#column}, ${this.#at});`,
      ),
    };
  }

  #none(field: Field) {
    if (field.default === undefined) return this.#line(`${this.#array("nulls")}[${this.#at}] = 1;`);
    return this.#line(`${this.#out.known(defaultWriter(field, this.#to))}(${this.#at});`);
  }

  #values(field: Field, type: FieldDescription): Omit<Taker, "none"> {
    switch (field.kind) {
      case "id":
        return this.#id(type);
      case "text":
        return field.values === undefined ? this.#text() : this.#names(field);
      case "integer":
        return this.#integer();
      case "number":
        return { integer: this.#set(AS_NUMBER), number: this.#set("x") };
      case "flag":
        return { integer: this.#set("low === 0 ? 0 : 1") };
      case "instant":
        return type.type === "string" ? this.#zoned() : this.#instant(field, type);
      case "money":
        return {};
    }
  }

  #id(type: FieldDescription): Omit<Taker, "none"> {
    if (type.type === "int" || type.type === "long") {
      return { integer: this.#line(`${this.#out.known(putInteger)}(${this.#column}, ${this.#at}, low, high);`) };
    }
    const isText = type.type === "string" || type.type === "enum";
    const writer = this.#out.known(new KeyWriter());
    const write = `${writer}.reset(); ${writer}.${isText ? "text" : "decimal"}(s, from, to);`;
    const put = `${writer}.putInto(${this.#column}, ${this.#at});`;
    return { bytes: this.#line(`${isText ? this.#refusePlaceholder() : ""} ${write} ${put}`) };
  }

  #text(): Omit<Taker, "none"> {
    return { bytes: this.#line(`${this.#refusePlaceholder()} ${this.#column}.put(${this.#at}, s, from, to);`) };
  }

  #names({ values, otherwise }: Field): Omit<Taker, "none"> {
    const to = this.#to as TextColumn;
    const others = otherwise === undefined ? undefined : Buffer.from(otherwise);
    const texts = this.#out.known(new TextNames(values!, others));
    const integers = integerNames(values!);
    const named = this.#out.known((value: number) => integers.get(value) ?? others);
    const put = this.#out.known((row: number, name: Buffer | undefined) => {
      if (name !== undefined) to.put(row, name, 0, name.length);
      return name !== undefined;
    });
    const orRefuse = (name: string) => `if (!${put}(${this.#at}, ${name})) ${REFUSE}`;
    return {
      integer: this.#line(`if (!(${IS_SAFE})) ${REFUSE} ${orRefuse(`${named}(${AS_NUMBER})`)}`),
      bytes: this.#line(`${this.#refusePlaceholder()} ${orRefuse(`${texts}.of(s, from, to)`)}`),
    };
  }

  #integer(): Omit<Taker, "none"> {
    const small = this.#out.known(smallOfBytes);
    const [words, nulls] = [() => this.#array("words"), () => this.#array("nulls")];
    return {
      integer: (out) => {
        out.line(`n = ${this.#at};`);
        out.line(`${words()}[2 * n] = low; ${words()}[2 * n + 1] = high; ${nulls()}[n] = 0;`);
      },
      bytes: this.#line(
        `if (to - from > ${SMALL_BYTES}) ${REFUSE} ${this.#column}.setNumber(${this.#at}, ${small}(s, from, to));`,
      ),
    };
  }

  #zoned(): Omit<Taker, "none"> {
    const parser = this.#out.known(new InstantParser());
    const bytes = this.#line(
      `x = ${parser}.parse(s, from, to);`,
      `if (x !== x) ${REFUSE}`,
      `n = ${this.#at}; ${this.#array("values")}[n] = x; ${this.#array("nulls")}[n] = 0;`,
    );
    return { bytes };
  }

  #instant(field: Field, type: FieldDescription): Omit<Taker, "none"> {
    const unit = unitOf(type, field.unit);
    if (unit === undefined) return {};
    const time = "ms" in unit ? `(${AS_NUMBER}) * ${unit.ms}` : `Math.floor((${AS_NUMBER}) / ${unit.perMs})`;
    const integer = this.#line(
      `x = ${time};`,
      `if (!(${IS_SAFE}) || Math.abs(x) > ${FARTHEST_MS}) ${REFUSE}`,
      `n = ${this.#at}; ${this.#array("values")}[n] = x; ${this.#array("nulls")}[n] = 0;`,
    );
    return { integer };
  }

  /** Sets the row of a column of numbers to an expression. */
  #set(value: string) {
    return this.#line(`n = ${this.#at}; ${this.#array("values")}[n] = ${value}; ${this.#array("nulls")}[n] = 0;`);
  }

  #refusePlaceholder(): string {
    return `if (to - from === 28 && ${this.#out.known(isPlaceholder)}(s, from, to)) ${REFUSE}`;
  }

  #array(property: "values" | "words" | "nulls"): string {
    return this.#out.array(this.#to, property);
  }

  #line(...text: string[]) {
    return () => {
      for (const line of text) this.#out.line(line);
    };
  }
}
