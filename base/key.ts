/**
 * Business keys and row keys have one canonical text: integers of any width are their decimal digits, so that an int32,
 * an int64, an unsigned and a decimal integer are equal; strings start with a quote, so that "42" is not 42; parts of a
 * composite key are joined by `|`. It is fixed: state, snapshots and ids are built on it.
 */
export type Key = string;

/** A value that can be part of a key. Numbers must be safe integers. */
export type KeyPart = string | number | bigint | boolean;

/** The canonical text of one value. */
export function keyOf(part: KeyPart): Key {
  if (typeof part === "string") return textKey(part);
  if (typeof part === "boolean") return part ? "true" : "false";
  return String(part);
}

/** The canonical text of a string value. */
export function textKey(text: string): Key {
  return SPECIAL.test(text) ? `'${text.replace(SPECIAL_ALL, "\\$&")}` : `'${text}`;
}

/** The canonical text of a key of several parts, each in canonical text already. */
export function compositeKey(parts: readonly Key[]): Key {
  return parts.length === 1 ? parts[0]! : parts.join("|");
}

/** What a person typed: digits are an integer, anything else (or with a leading quote) a string; composites pass. */
export function parseKey(text: string): Key {
  if (/^-?\d+$/.test(text)) return BigInt(text).toString();
  return text.startsWith("'") || /^(-?\d+|'.*)(\|(-?\d+|'.*))+$/.test(text) ? text : textKey(text);
}

/** A key for people: a string key without its quote. */
export function displayKey(key: Key): string {
  return key.startsWith("'") && !key.includes("|") ? key.slice(1) : key;
}

const SPECIAL = /[|\\]/;
const SPECIAL_ALL = /[|\\]/g;
