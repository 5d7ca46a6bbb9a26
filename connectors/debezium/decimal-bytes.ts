/** Two's-complement integers of up to this many bytes are exact as numbers. */
export const SMALL_BYTES = 6;

/** The big-endian two's-complement integer in `bytes[start .. end)`, of at most `SMALL_BYTES`; 0 when it is empty. */
export function smallOfBytes(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  let value = (bytes[start]! << 24) >> 24;
  for (let i = start + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return value;
}

/** Integers of more bytes are not worth computing: no scale of a database brings them into 64 bits. */
export const MOST_BYTES = 512;

/** The big-endian two's-complement integer in `bytes[start .. end)`, of any length; 0 when it is empty. */
export function bigOfBytes(bytes: Uint8Array, start: number, end: number): bigint {
  if (start === end) return 0n;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("hex");
  return BigInt.asIntN(8 * (end - start), BigInt(`0x${hex}`));
}
