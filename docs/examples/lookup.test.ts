import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { testJob } from "countercheck/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

let register: Server;

/** Says which accounts are listed; at "?" it fails. */
beforeAll(async () => {
  register = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const accounts = JSON.parse(body) as string[];
    response.statusCode = accounts.includes("?") ? 500 : 200;
    response.end(JSON.stringify(accounts.map((account) => account.startsWith("X"))));
  });
  await new Promise<void>((resolve) => register.listen(0, "127.0.0.1", resolve));
  process.env.REGISTER_URL = `http://127.0.0.1:${(register.address() as AddressInfo).port}`;
});

afterAll(() => register.close());

it("stops payouts to listed accounts", async () => {
  const { default: example, Payout } = await import("./lookup.ts");
  const driver = testJob(example)
    .upsert(Payout, 1, { at: 1 }, { payoutId: 1, account: "A1" })
    .upsert(Payout, 2, { at: 2 }, { payoutId: 2, account: "X1" })
    .upsert(Payout, 3, { at: 3 }, { payoutId: 3, account: "X2" });
  await driver.settled();
  expect(driver.sink("stopped")).toEqual([
    { payoutId: "2", account: "X1", listed: true },
    { payoutId: "3", account: "X2", listed: true },
  ]);
  driver.upsert(Payout, 4, { at: 4 }, { payoutId: 4, account: "?" });
  await driver.settled();
  expect(driver.sink("stopped")).toHaveLength(2);
  expect(driver.sink("by-hand")).toEqual([{ payoutId: "4", account: "?" }]);
  expect(driver.keys()).toBe(0);
});
