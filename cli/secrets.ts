import { readFileSync } from "node:fs";
import { messageOf, raise } from "../base/errors.ts";

/** How configuration refers to a secret: `${env:NAME}`, or `${file:/run/secrets/name}` for the file's text. */
export const SECRET_REFERENCE = /^\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)|file:([^}]+))\}$/;

const known = new Set<string>();

/** The secret that a reference names; from here on `masked` hides it. CONFIG_SECRET_MISSING, CONFIG_SECRET_UNREADABLE. */
export function secretOf(reference: string, place: string): string {
  const [, name = "", file] = SECRET_REFERENCE.exec(reference) ?? [];
  const value = file === undefined ? process.env[name] : fileText(file, place);
  if (value === undefined || value === "") raise("CONFIG_SECRET_MISSING", { name, place });
  for (const secret of [value, ...partsOf(value)]) known.add(secret);
  return value;
}

/** Of an address, what servers and clients may tell of it by itself: its password, and a path that holds a token. */
function partsOf(address: string): string[] {
  const { protocol = "", password = "", pathname = "", search = "" } = URL.parse(address) ?? {};
  const path = /^https?:$/.test(protocol) && pathname !== "/" ? [pathname + search, pathname] : [];
  return [password, decoded(password), ...path].filter((part) => part !== "");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The text of a file without the line end that editors leave. */
function fileText(file: string, place: string): string {
  try {
    const text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (text !== "") return text;
  } catch (error) {
    raise("CONFIG_SECRET_UNREADABLE", { file, place, reason: messageOf(error) }, { cause: error });
  }
  return raise("CONFIG_SECRET_UNREADABLE", { file, place, reason: "it is empty" });
}

/** Text without any secret that was looked up, nor the secret parts of an address. */
export function masked(text: string): string {
  return [...known].reduce((safe, secret) => safe.replaceAll(secret, "***"), text);
}
