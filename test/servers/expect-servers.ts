import { whyNoServers } from "./availability.ts";

/** Fails where the real servers cannot be had; `npm test` asks before it comes here, and leaves these tests out. */
export function expectServers(): void {
  const reason = whyNoServers();
  if (reason) throw new Error(reason);
}

export default expectServers;
