import type { CountercheckError } from "../base/errors.ts";
import { printable } from "./table.ts";

/** Why results wait, and why the brokers are not told how far was read, for people who look. */
export class Waiting {
  #reason: CountercheckError | undefined;
  #untold: CountercheckError | undefined;

  /** Why results wait; undefined once they no longer do. */
  because(reason: CountercheckError | undefined): void {
    this.#reason = reason;
  }

  /** Why offsets are not committed, from now on. */
  untold(reason: CountercheckError): void {
    this.#untold = reason;
  }

  /** Lines for the progress of a run. */
  lines(): string[] {
    return [
      ...(this.#reason === undefined ? [] : [printable(`  results wait: ${this.#reason.message}`)]),
      ...(this.#untold === undefined ? [] : [printable(`  offsets are not committed: ${this.#untold.message}`)]),
    ];
  }
}
