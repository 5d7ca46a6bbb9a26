import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { type Ports, type SomePorts, serviceNames, services } from "./services.ts";

/** Everything listens here and nowhere else. */
export const HOST = "127.0.0.1";

/**
 * Ports that nobody uses, for every service, besides those that are known already; all different. They are below those that systems hand out to outgoing
 * connections, so that no client takes the port of a server that is stopped for a moment.
 */
export async function freePorts(known: SomePorts = {}): Promise<Ports> {
  const taken = new Set<number>(Object.values(known).flatMap((of) => Object.values(of)));
  const ports: Record<string, Record<string, number>> = {};
  for (const service of serviceNames) {
    ports[service] = { ...known[service] };
    for (const name of Object.keys(services[service].ports)) ports[service][name] ??= await freePort(taken);
  }
  return ports as Ports;
}

/** True when this process could listen on it. */
export function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}

async function freePort(taken: Set<number>): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
}
