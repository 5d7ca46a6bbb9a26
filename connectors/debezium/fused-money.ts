import type { Batch } from "../../base/batch.ts";
import type { Int64Column } from "../../base/columns.ts";
import { currencyColumn } from "../../dataflow/change-layout.ts";
import type { MoneyMapping } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import { REFUSE, type Taker } from "../../schemas/straight-source.ts";
import { isPlaceholder } from "./absent-values.ts";
import { exponentOfPacked, packedIn } from "./currencies.ts";
import { SMALL_BYTES, smallOfBytes } from "./decimal-bytes.ts";
import { AS_NUMBER, IS_SAFE } from "./fused-fields.ts";
import type { FusedWriter } from "./fused-writer.ts";
import { OK, putDigits, putFloating, putSmall } from "./money-amount.ts";
import { packedCode, scaleOf } from "./money-mapping.ts";

/**
 * Writes what becomes of a money field's values, as `moneyMapping` has it. A currency may come before its amount or after it,
 * so that both are only noted in variables, and put into the row by `finish`, behind the record's last field.
 */
export class FusedMoney {
  readonly amount: Taker;
  /** Undefined where the mapping names one currency for all rows. */
  readonly currency: Taker | undefined;
  readonly #out: FusedWriter;
  readonly #mapping: MoneyMapping;
  readonly #type: FieldDescription;
  readonly #batch: Batch;
  readonly #name: string;
  /** Variables: whether there is an amount, it as a number or as a range of bytes; the packed currency and its exponent. */
  readonly #isThere: string;
  readonly #value: string;
  readonly #range: readonly [string, string];
  readonly #packed: string;
  readonly #exponent: string;

  constructor(out: FusedWriter, mapping: MoneyMapping, type: FieldDescription, batch: Batch, name: string) {
    this.#out = out;
    this.#mapping = mapping;
    this.#type = type;
    this.#batch = batch;
    this.#name = name;
    const fixed = mapping.currency === undefined ? -1 : packedCode(mapping.currency);
    [this.#isThere, this.#value] = [out.local(), out.local()];
    this.#range = [out.local(), out.local()];
    this.#packed = out.local(String(fixed));
    this.#exponent = out.local(String(exponentOfPacked(fixed)));
    this.amount = this.#amountTaker();
    this.currency = mapping.currency === undefined ? this.#currencyTaker() : undefined;
  }

  /** Writes the code that puts what was noted into the row. */
  finish(): void {
    const out = this.#out;
    const to = this.#batch.column(this.#name) as Int64Column;
    const currency = this.#batch.column(currencyColumn(this.#name));
    const [amountNulls, currencyNulls] = [out.array(to, "nulls"), out.array(currency, "nulls")];
    out.line(`n = ${out.rowOf(this.#batch)};`);
    out.line(`if (${this.#isThere} === 0) { ${amountNulls}[n] = 1; ${currencyNulls}[n] = 1; } else {`);
    out.line(`if (${this.#exponent} < 0) ${REFUSE}`);
    this.#put(out.known(to), this.#mapping.scale === undefined ? this.#exponent : String(this.#mapping.scale));
    out.line(`${out.array(currency, "values")}[n] = ${this.#packed}; ${currencyNulls}[n] = 0; }`);
  }

  #put(to: string, wanted: string): void {
    const out = this.#out;
    const { minorUnits } = this.#mapping;
    const rounding = out.constant(this.#mapping.rounding);
    const orRefuse = (outcome: string) => out.line(`if (${outcome} !== ${OK}) ${REFUSE}`);
    switch (this.#type.type) {
      case "int":
      case "long": {
        const scale = minorUnits === true ? wanted : String(scaleOf(minorUnits, 0));
        orRefuse(`${out.known(putSmall)}(${this.#value}, ${scale}, ${wanted}, ${rounding}, ${to}, n)`);
        break;
      }
      case "float":
      case "double": {
        const isSingle = this.#type.type === "float";
        orRefuse(`${out.known(putFloating)}(${this.#value}, ${isSingle}, ${wanted}, ${rounding}, ${to}, n)`);
        break;
      }
      case "string":
        orRefuse(`${out.known(putDigits)}(b, ${this.#range.join(", ")}, ${wanted}, ${rounding}, ${to}, n)`);
        break;
      default: {
        const scale = out.integer(this.#type.scale!);
        // As mostly: the column has the currency's digits.
        out.line(`if (${wanted} === ${scale}) ${to}.setNumber(n, ${this.#value});`);
        out.line(`else`);
        orRefuse(`${out.known(putSmall)}(${this.#value}, ${scale}, ${wanted}, ${rounding}, ${to}, n)`);
      }
    }
  }

  #amountTaker(): Taker {
    const { line } = this;
    const isText = this.#type.type === "string";
    const small = this.#out.known(smallOfBytes);
    const placeholder = this.#out.known(isPlaceholder);
    const bytes = isText
      ? `if (${placeholder}(s, from, to)) ${REFUSE} ${this.#range[0]} = from; ${this.#range[1]} = to;`
      : `if (to - from > ${SMALL_BYTES}) ${REFUSE} ${this.#value} = ${small}(s, from, to);`;
    return {
      none: line(`${this.#isThere} = 0;`),
      integer: line(`if (!(${IS_SAFE})) ${REFUSE} ${this.#isThere} = 1; ${this.#value} = ${AS_NUMBER};`),
      number: line(`${this.#isThere} = 1; ${this.#value} = x;`),
      bytes: line(`${bytes} ${this.#isThere} = 1;`),
    };
  }

  #currencyTaker(): Taker {
    const { line } = this;
    const none = line(`${this.#packed} = ${this.#exponent} = -1;`);
    if (this.#mapping.currencies !== undefined) return { none };
    const packed = `n = ${this.#out.known(packedIn)}(s, from, to);`;
    const exponent = `${this.#packed} = n; ${this.#exponent} = ${this.#out.known(exponentOfPacked)}(n);`;
    return { none, bytes: line(`${packed} if (n !== ${this.#packed}) { ${exponent} }`) };
  }

  readonly line = (text: string) => () => this.#out.line(text);
}
