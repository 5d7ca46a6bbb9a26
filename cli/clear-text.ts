import { isIPv4 } from "node:net";
import { raise } from "../base/errors.ts";

/** True for a host that is this machine: what goes there is on no wire. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/** True where what is sent to a URL is on a wire in the clear. */
export function isInTheClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== "https:" && !isLoopback(hostname);
}

/**
 * Refuses basic authentication by plain HTTP with another machine: CONFIG_INVALID. `place` is where `auth` is in the
 * configuration `file`.
 */
export function requireEncrypted(url: string, place: string, file: string): void {
  if (!isInTheClear(url)) return;
  const { host } = new URL(url);
  raise("CONFIG_INVALID", {
    file,
    problems: `${place}: by http:// the password would go to ${host} for everyone on the way to read; expected https://`,
  });
}
