import { type ErrorCode, errorCatalogue } from "./error-catalogue.ts";

/** Whose doing an error is: the user's input, something outside this process, or a defect of this project. */
export type Fault = "user" | "external" | "bug";

/** Values that a catalogued message is filled with. They are kept on the error, so never put a secret in. */
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/**
 * The only error that this project throws on purpose. Its code is looked up in the catalogue, which also says whose
 * fault it is and whether trying again can help.
 */
export class CountercheckError extends Error {
  readonly code: ErrorCode;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: ErrorOptions) {
    const entry = errorCatalogue[code];
    super(fill(entry.message, details), options);
    this.name = "CountercheckError";
    this.code = code;
    this.fault = entry.fault;
    this.retryable = entry.retryable;
    this.details = details;
  }
}

/** Throws a catalogued error where an expression is wanted. */
export function raise(code: ErrorCode, details?: ErrorDetails, options?: ErrorOptions): never {
  throw new CountercheckError(code, details, options);
}

/** A defect of ours: states what should have been impossible. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new CountercheckError("BUG", { what });
}

/** True for an error of ours, narrowed to `code` when one is given. */
export function isError(error: unknown, code?: ErrorCode): error is CountercheckError {
  return error instanceof CountercheckError && (code === undefined || error.code === code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? "?"));
}
