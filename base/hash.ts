import { hash } from "node:crypto";

/** 128 bits of SHA-256 over length-prefixed parts, as hex: an id that depends on nothing but its parts. */
export function idOf(...parts: readonly (string | number)[]): string {
  let text = "";
  for (const part of parts) {
    const own = String(part);
    text += `${Buffer.byteLength(own)}:${own}`;
  }
  return digestOf(text);
}

/** 128 bits of SHA-256 of a text in UTF-8, as hex. At once: a hash that is fed piece by piece costs twice as much. */
export function digestOf(text: string): string {
  return hash("sha256", text).slice(0, 32);
}

/** A signed 32-bit hash of a text's code units (FNV-1a). */
export function hashText(text: string): number {
  let hash = -2128831035;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return hash;
}

/** A signed 32-bit hash of bytes (FNV-1a): the integer that stands for a key. Collisions are harmless. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = -2128831035;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 16777619);
  return hash;
}
