import { CountercheckError, isError } from "../../base/errors.ts";
import { FRAME_LENGTH, schemaIdAt } from "../../schemas/wire-format.ts";

/** The schema id of a message in `bytes[start .. end)`; −1 where it is not in Confluent's wire format. */
export function framedId(bytes: Uint8Array, start: number, end: number): number {
  return end - start < FRAME_LENGTH || bytes[start] !== 0 ? -1 : schemaIdAt(bytes, start, end);
}

/** What is wrong with a message for which `framedId` gave −1. */
export function notFramed(bytes: Uint8Array, start: number, end: number): CountercheckError {
  try {
    schemaIdAt(bytes, start, end);
  } catch (error) {
    if (isError(error)) return error;
    throw error;
  }
  return new CountercheckError("BUG", { what: "a framed message was taken for one that is not" });
}
