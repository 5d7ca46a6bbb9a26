/** What a function can keep of a key: JSON, and bigints. */
export type StateValue =
  | null
  | boolean
  | number
  | string
  | bigint
  | readonly StateValue[]
  | { readonly [name: string]: StateValue };

/** The type of a state by what it begins with: of literals their kind, and all of it can be changed. */
export type KeptState<S> = S extends bigint
  ? bigint
  : S extends string
    ? string
    : S extends number
      ? number
      : S extends boolean
        ? boolean
        : S extends readonly (infer E)[]
          ? KeptState<E>[]
          : { -readonly [K in keyof S]: KeptState<S[K]> };

/** What a key's state may come to: it is written with each of the key's points. */
const MOST_BYTES = 64_000;

/**
 * A value as text: JSON in which strings begin with a quote and bigints are digits. Throws a TypeError for what would not come
 * back as it was, and for too much.
 */
export function stateText(value: unknown): string {
  const text = JSON.stringify(encoded(value, "state"));
  const size = Buffer.byteLength(text);
  if (size > MOST_BYTES) throw new TypeError(`state is ${size} bytes of text, and should be ${MOST_BYTES} at most`);
  return text;
}

/** The value of a text, anew each time. */
export function stateOf(text: string): unknown {
  return decoded(JSON.parse(text));
}

function encoded(value: unknown, place: string): unknown {
  switch (typeof value) {
    case "string":
      return `'${value}`;
    case "bigint":
      return String(value);
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((each, i) => encoded(each, `${place}[${i}]`));
      if (isPlain(value)) {
        return Object.fromEntries(
          Object.entries(value).map(([name, each]) => [name, encoded(each, `${place}.${name}`)]),
        );
      }
  }
  throw new TypeError(
    `${place} is ${typeof value === "object" ? "no plain object" : String(value)}, which cannot be kept`,
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function decoded(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("'") ? value.slice(1) : BigInt(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decoded);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, decoded(each)]));
}
