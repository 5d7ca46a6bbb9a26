import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { TestRedis } from "../../test/support/test-redis.ts";

let redis: TestRedis;
let resource: Server;
/** Tokens of the acts that were taken. */
const taken: number[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  redis = await TestRedis.start();
  // What is acted upon: it takes no act under a lower token than it has seen.
  resource = createServer((request, response) => {
    const token = Number(request.headers["fencing-token"]);
    const isOld = token < Math.max(0, ...taken);
    if (!isOld) taken.push(token);
    response.writeHead(isOld ? 409 : 204).end();
  }).listen(0, "127.0.0.1");
  await once(resource, "listening");
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  resource.closeAllConnections();
  resource.close();
  await redis.close();
});

/** A process that takes the lease as soon as it may, and acts from then on; its lines. */
function hold(): { readonly child: ChildProcess; readonly lines: string[] } {
  const { port } = resource.address() as { port: number };
  const script = join(import.meta.dirname, "holding-child.ts");
  const args = ["--disable-warning=ExperimentalWarning", script, redis.url, "act", "1000", `http://127.0.0.1:${port}/`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  child.stdout!.setEncoding("utf8").on("data", (text: string) => lines.push(...text.trimEnd().split("\n")));
  return { child, lines };
}

it("refuses the late act of a holder that stood still past its lease, while another had it", async () => {
  const first = hold();
  await expect.poll(() => first.lines.at(-1), { timeout: 20_000 }).toBe("204 true");
  first.child.kill("SIGSTOP");
  const second = hold();
  await expect.poll(() => second.lines.at(-1), { timeout: 20_000 }).toBe("204 true");
  const before = first.lines.length;
  first.child.kill("SIGCONT");
  await expect.poll(() => first.lines.length, { timeout: 20_000 }).toBeGreaterThan(before + 5);
  // The act that was on its way when it was stopped may have been taken, before the other's.
  expect(first.lines.slice(before + 1)).toEqual(first.lines.slice(before + 1).map(() => "409 false"));
  expect(taken).toEqual([...taken].sort((one, other) => one - other));
  expect(new Set(taken).size).toBe(2);
});
