import { type Key, keyParts } from "../../base/key.ts";

/** The parts of a key as values to ask with: texts, whole numbers, booleans. */
export function keyValues(key: Key): (string | bigint | boolean)[] {
  return keyParts(key).map((part) => {
    if (part.startsWith("'")) return part.slice(1).replace(/\\(.)/gs, "$1");
    if (part === "true" || part === "false") return part === "true";
    return /^-?\d+$/.test(part) ? BigInt(part) : part;
  });
}
