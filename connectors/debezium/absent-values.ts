import type { BytesColumn, Int32Column } from "../../base/columns.ts";

/** What Debezium writes where an update did not carry a large value that it left as it was. */
const PLACEHOLDER = Buffer.from("__debezium_unavailable_value");

/** Recognises values that Debezium left out, and sets the field's bit in `$absent` for them. */
export class AbsentValues {
  readonly #from: BytesColumn;
  readonly #absent: Int32Column;
  readonly #bit: number;

  constructor(from: BytesColumn, field: { readonly index: number; readonly absent: Int32Column }) {
    this.#from = from;
    this.#absent = field.absent;
    this.#bit = 1 << field.index;
  }

  /** True when the value of `row`, which is not null, was left out; then row `to` of `$absent` says so. */
  take(row: number, to: number): boolean {
    const from = this.#from;
    const start = from.starts[row]!;
    if (from.ends[row]! - start !== PLACEHOLDER.length) return false;
    for (let i = 0; i < PLACEHOLDER.length; i++) if (from.heap[start + i] !== PLACEHOLDER[i]) return false;
    this.#absent.values[to]! |= this.#bit;
    return true;
  }
}
