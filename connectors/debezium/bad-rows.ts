import type { ErrorCode } from "../../base/error-catalogue.ts";
import { CountercheckError, type ErrorDetails } from "../../base/errors.ts";

/** The rows of a run of records that cannot be used, each with the first reason that was found. */
export class BadRows {
  readonly #errors = new Map<number, CountercheckError>();

  get size(): number {
    return this.#errors.size;
  }

  /** Notes a reason; later ones of the same row are left out, since a record has one fault. */
  mark(row: number, code: ErrorCode, details: ErrorDetails): void {
    if (!this.#errors.has(row)) this.#errors.set(row, new CountercheckError(code, details));
  }

  /** What makes a row unusable makes the others of its record so, which is in `recordOf`: all of the `rows`, those of one together. */
  spread(recordOf: Int32Array, rows: number): void {
    for (const [row, error] of this.sorted()) {
      const isPartner = (other: number) => other >= 0 && other < rows && recordOf[other] === recordOf[row];
      for (const other of [row - 1, row + 1]) if (isPartner(other) && !this.has(other)) this.#errors.set(other, error);
    }
  }

  has(row: number): boolean {
    return this.#errors.has(row);
  }

  /** Rows and reasons, by row. */
  sorted(): [number, CountercheckError][] {
    return [...this.#errors].sort(([a], [b]) => a - b);
  }

  clear(): void {
    this.#errors.clear();
  }
}
