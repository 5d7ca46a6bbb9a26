import { isIPv4 } from "node:net";
import { raise } from "../base/errors.ts";

/** True for a host that is this machine: what goes there is on no wire. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, "");
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/**
 * Refuses basic authentication by plain HTTP with another machine: CONFIG_INVALID. `place` is where `auth` is in the
 * configuration `file`.
 */
export function requireEncrypted(url: string, place: string, file: string): void {
  const { protocol, hostname, host } = new URL(url);
  if (protocol === "https:" || isLoopback(hostname)) return;
  raise("CONFIG_INVALID", {
    file,
    problems: `${place}: by http:// the password would go to ${host} for everyone on the way to read; expected https://`,
  });
}
