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
  known.add(value);
  return value;
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

/** Text without any secret that was looked up. */
export function masked(text: string): string {
  return [...known].reduce((safe, secret) => safe.replaceAll(secret, "***"), text);
}
