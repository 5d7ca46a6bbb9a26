import { raise } from "../base/errors.ts";

/** How configuration refers to a secret: `${env:NAME}`. */
export const SECRET_REFERENCE = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/;

const known = new Set<string>();

/** The secret that a reference names; from here on `masked` hides it. CONFIG_SECRET_MISSING. */
export function secretOf(reference: string, place: string): string {
  const name = SECRET_REFERENCE.exec(reference)?.[1] ?? "";
  const value = process.env[name];
  if (value === undefined || value === "") raise("CONFIG_SECRET_MISSING", { name, place });
  known.add(value);
  return value;
}

/** Text without any secret that was looked up. */
export function masked(text: string): string {
  return [...known].reduce((safe, secret) => safe.replaceAll(secret, "***"), text);
}
