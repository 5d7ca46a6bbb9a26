import { createHash } from "node:crypto";

/** 128 bits of SHA-256 over length-prefixed parts, as hex: an id that depends on nothing but its parts. */
export function idOf(...parts: readonly (string | number)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const text = String(part);
    hash.update(`${Buffer.byteLength(text)}:${text}`);
  }
  return hash.digest("hex").slice(0, 32);
}
