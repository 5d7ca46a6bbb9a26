import { raise } from "../base/errors.ts";

/**
 * Confluent's wire format: a zero byte, the schema's id as four big-endian bytes, then the Avro body. The body starts
 * `FRAME_LENGTH` bytes behind the message's start.
 */
export const FRAME_LENGTH = 5;

/** The schema id of the message `buffer[start .. end)`. Throws AVRO_NOT_FRAMED. */
export function schemaIdAt(buffer: Uint8Array, start: number, end: number): number {
  if (end - start < FRAME_LENGTH) raise("AVRO_NOT_FRAMED", { length: end - start, reason: "it is too short" });
  if (buffer[start] !== 0) {
    raise("AVRO_NOT_FRAMED", { length: end - start, reason: `its first byte is ${buffer[start]}` });
  }
  const id = (buffer[start + 1]! << 24) | (buffer[start + 2]! << 16) | (buffer[start + 3]! << 8) | buffer[start + 4]!;
  return id >>> 0;
}

/** Writes the frame of a schema id to `target[at .. at + FRAME_LENGTH)`; the body goes behind it. */
export function writeFrame(id: number, target: Uint8Array, at: number): void {
  target[at] = 0;
  target[at + 1] = id >>> 24;
  target[at + 2] = id >>> 16;
  target[at + 3] = id >>> 8;
  target[at + 4] = id;
}
