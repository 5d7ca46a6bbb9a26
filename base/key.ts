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

/** The parts of a composite key, each in canonical text. */
export function keyParts(key: Key): Key[] {
  const parts: Key[] = [];
  let start = 0;
  for (let i = 0; i < key.length; i++) {
    if (key[i] === "\\") i++;
    else if (key[i] === "|") {
      parts.push(key.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(key.slice(start));
  return parts;
}

/**
 * What a person typed: digits are an integer, `true` and `false` a boolean, and what is canonical text with its quotes is
 * that key, composites included. Anything else is a string.
 */
export function parseKey(text: string): Key {
  return CANONICAL.test(text) ? text.replace(PARTS, plainPart) : textKey(text);
}

/** A key for people: a string key without its quote, unless `parseKey` would take that for another key. */
export function displayKey(key: Key): string {
  const text = key.slice(1);
  return key.startsWith("'") && text !== "" && parseKey(text) === key ? text : key;
}

/** A part of a composite key as it was typed, an integer without its leading zeros. */
function plainPart(part: Key): Key {
  if (part.startsWith("'")) return part;
  const digits = part.replace(/^(-?)0+(?=\d)/, "$1");
  return digits === "-0" ? "0" : digits;
}

const PART = String.raw`(?:'[^|\\]*(?:\\[|\\][^|\\]*)*|-?\d+|true|false)`;
const PARTS = new RegExp(PART, "g");
const CANONICAL = new RegExp(String.raw`^${PART}(?:\|${PART})*$`);
const SPECIAL = /[|\\]/;
const SPECIAL_ALL = /[|\\]/g;
