import type { BytesColumn, Int32Column } from "../../base/columns.ts";

/** What Debezium writes where an update did not carry a large value that it left as it was. */
const PLACEHOLDER = Buffer.from("__debezium_unavailable_value");

/** True for what stands in `bytes[start .. end)` for a value that Debezium left out. */
export function isPlaceholder(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === PLACEHOLDER.length && holds(bytes, start, end, PLACEHOLDER);
}

/** True where `bytes[start .. end)` is a value. */
export function holds(bytes: Uint8Array, start: number, end: number, value: Uint8Array): boolean {
  if (end - start !== value.length) return false;
  for (let i = 0; i < value.length; i++) if (bytes[start + i] !== value[i]) return false;
  return true;
}

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
    if (!isPlaceholder(from.heap, from.starts[row]!, from.ends[row]!)) return false;
    this.#absent.values[to]! |= this.#bit;
    return true;
  }
}
