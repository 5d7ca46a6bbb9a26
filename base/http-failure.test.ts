import { once } from "node:events";
import { createServer } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { httpFailure } from "./http-failure.ts";

const failureOf = (url: string) => fetch(url).then(() => "none", httpFailure);

it("says that a server speaks http where https was asked for", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const [refused] = (await once(get(url), "error")) as [Error];
  for (const failure of [await failureOf(url), httpFailure(refused)])
    expect(failure).toBe("it does not speak https there; try http");
  server.close();
});

it("says what lies behind a failed fetch, and the code where nothing else is said", async () => {
  expect(await failureOf("http://127.0.0.1:1/")).toMatch(/^fetch failed: \S/);
  expect(httpFailure(Object.assign(new Error(""), { code: "ECONNREFUSED" }))).toBe("ECONNREFUSED");
});
