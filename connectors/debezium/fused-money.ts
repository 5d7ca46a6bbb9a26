import type { Int32Column, Int64Column } from "../../base/columns.ts";
import { currencyColumn } from "../../dataflow/change-layout.ts";
import type { MoneyMapping } from "../../dataflow/model.ts";
import type { FieldDescription } from "../../schemas/schema-paths.ts";
import type { Taker } from "../../schemas/straight-reader.ts";
import { isPlaceholder } from "./absent-values.ts";
import { exponentOfPacked, packedIn } from "./currencies.ts";
import { type FusedTarget, isSafe, numberOf } from "./fused-fields.ts";
import { OK, type Outcome, putDecimal, putDigits, putFloating, putSmall } from "./money-amount.ts";
import { packedCode, scaleOf } from "./money-mapping.ts";

const NOTHING = Buffer.alloc(0);

/**
 * One money field of the record that is read. A currency may come before its amount or after it, so that both are only
 * noted, and put into the row by `finish`, before the record's bytes are gone.
 */
export class FusedMoney {
  readonly amount: Taker;
  readonly currency: Taker;
  readonly #mapping: MoneyMapping;
  readonly #type: FieldDescription;
  readonly #target: FusedTarget;
  readonly #to: Int64Column;
  readonly #toCurrency: Int32Column;
  /** −1 for none. */
  #packed = -1;
  #isThere = false;
  #bytes: Uint8Array = NOTHING;
  #start = 0;
  #end = 0;
  #value = 0;

  constructor(mapping: MoneyMapping, type: FieldDescription, target: FusedTarget) {
    this.#mapping = mapping;
    this.#type = type;
    this.#target = target;
    this.#to = target.batch.column(target.name) as Int64Column;
    this.#toCurrency = target.batch.column(currencyColumn(target.name)) as Int32Column;
    if (mapping.currency !== undefined) this.#packed = packedCode(mapping.currency);
    this.amount = this.#amountTaker();
    this.currency = this.#currencyTaker();
  }

  /** Writes the amount that was noted; false where it is not plain. */
  finish(row: number): boolean {
    const at = this.#target.batch.count + row;
    if (!this.#isThere) {
      this.#to.nulls[at] = 1;
      this.#toCurrency.nulls[at] = 1;
      return true;
    }
    const exponent = exponentOfPacked(this.#packed);
    if (exponent < 0) return false;
    this.#toCurrency.set(at, this.#packed);
    return this.#put(at, this.#mapping.scale ?? exponent) === OK;
  }

  #put(at: number, wanted: number): Outcome {
    const { rounding, minorUnits } = this.#mapping;
    const to = this.#to;
    switch (this.#type.type) {
      case "int":
      case "long":
        return putSmall(this.#value, scaleOf(minorUnits, wanted), wanted, rounding, to, at);
      case "float":
      case "double":
        return putFloating(this.#value, this.#type.type === "float", wanted, rounding!, to, at);
      case "string":
        return putDigits(this.#bytes, this.#start, this.#end, wanted, rounding, to, at);
      default:
        return putDecimal(this.#bytes, this.#start, this.#end, this.#type.scale!, wanted, rounding, to, at);
    }
  }

  #amountTaker(): Taker {
    return {
      none: () => {
        this.#isThere = false;
        return true;
      },
      integer: (low, high) => {
        this.#isThere = true;
        this.#value = numberOf(low, high);
        return isSafe(high);
      },
      number: (value) => {
        this.#isThere = true;
        this.#value = value;
        return true;
      },
      bytes: (bytes, start, end) => {
        this.#isThere = true;
        this.#bytes = bytes;
        this.#start = start;
        this.#end = end;
        return !isPlaceholder(bytes, start, end);
      },
    };
  }

  #currencyTaker(): Taker {
    const none = () => {
      this.#packed = -1;
      return true;
    };
    if (this.#mapping.currencies !== undefined) return { none };
    return {
      none,
      bytes: (bytes, start, end) => {
        this.#packed = packedIn(bytes, start, end);
        return true;
      },
    };
  }
}
