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
