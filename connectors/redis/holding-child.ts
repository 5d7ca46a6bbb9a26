import { setTimeout as sleep } from "node:timers/promises";
import { RedisClient } from "./client.ts";
import { Lease, leaseTaker } from "./lease.ts";

/**
 * A process for tests that takes a lease and then acts for ever, with its token, and without asking whether it still holds
 * the lease: as if it stood still each time between asking and acting. It says what became of each act, in a line.
 */
const [url, name, leaseMs, resource] = process.argv.slice(2) as [string, string, string, string];
const redis = new RedisClient({ url });
const take = leaseTaker(redis, { name, leaseMs: Number(leaseMs) });
let found = await take();
for (; !(found instanceof Lease); found = await take()) await sleep(50);
for (;;) {
  const answer = await fetch(resource, { method: "POST", headers: { "fencing-token": String(found.token) } });
  process.stdout.write(`${answer.status} ${found.isHeld()}\n`);
  await sleep(50);
}
