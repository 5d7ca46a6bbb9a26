import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { isError } from "../../base/errors.ts";
import { snapshot } from "../../snapshots/snapshot-store.suite.ts";
import { HBaseSnapshotStore } from "./hbase-snapshot-store.ts";
import { CONNECTIONS, RestClient, type RestRequest } from "./rest-client.ts";

const GET: RestRequest = { method: "GET", path: "/version", accept: "*/*" };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

describe("requests to a REST server", () => {
  it("are repeated after failures that pass, with the same body", async () => {
    const failures = [503, 429, "cut", 500] as const;
    const bodies: string[] = [];
    const client = await clientOf(async (request, response) => {
      bodies.push((await request.toArray()).join());
      const failure = failures[bodies.length - 1];
      if (failure === "cut") return void response.destroy();
      response.writeHead(failure ?? 200).end("done");
    });
    const answer = await client.request({
      ...GET,
      method: "PUT",
      body: { type: "text/plain", make: () => Buffer.from("rows") },
    });
    expect([answer.status, String(answer.body)]).toEqual([200, "done"]);
    expect(bodies).toEqual(["rows", "rows", "rows", "rows", "rows"]);
  });

  it("are not repeated when they are refused", async () => {
    let asked = 0;
    const client = await clientOf((_, response) => {
      asked++;
      response.writeHead(403).end();
    });
    expect((await client.request(GET)).status).toBe(403);
    expect(asked).toBe(1);
  });

  it.each([
    ["answers with failures", (_request, response) => void response.writeHead(503).end(), "status 503"],
    ["does not answer", () => undefined, "no answer within 100 ms"],
    ["stops in its answer", (_request, response) => void response.writeHead(200).write("{"), "no answer within 100 ms"],
  ] as [string, RequestListener, string][])("end in bounded time where the server %s", async (_, listener, reason) => {
    const client = await clientOf(listener, { retryForMs: 300 });
    const startedAt = performance.now();
    await expect(client.request(GET)).rejects.toSatisfy(
      (error) => isError(error, "SNAPSHOTS_UNAVAILABLE") && error.retryable && error.message.includes(reason),
    );
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  it("say so where no server is", async () => {
    const client = new RestClient({ url: "http://127.0.0.1:1", retryForMs: 200 });
    await expect(client.request(GET)).rejects.toThrow(/127\.0\.0\.1:1 did not .*ECONNREFUSED/);
  });

  it.each<[string, (socket: Socket) => void]>([
    ["hangs up", (socket) => socket.destroy()],
    ["resets the connection", (socket) => socket.resetAndDestroy()],
    ["speaks no HTTP", (socket) => socket.end("who is there?\r\n")],
  ])("can be tried again where the server %s", async (_, behave) => {
    const client = await clientOf(() => undefined, { retryForMs: 100 });
    server!.on("connection", behave);
    await expect(client.request(GET)).rejects.toMatchObject({ code: "SNAPSHOTS_UNAVAILABLE", retryable: true });
  });

  it("are not tried again, for ever perhaps, when the fault is in here", async () => {
    let asked = 0;
    const client = await clientOf((_, response) => void response.end(String(asked++)));
    const wrong = { ...GET, path: "/a line\nbreak" };
    await expect(client.request(wrong)).rejects.toMatchObject({ code: "BUG", retryable: false });
    await expect(client.once(wrong)).rejects.toMatchObject({ code: "BUG", cause: expect.any(TypeError) });
    expect(asked).toBe(0);
  });

  it("go on a few at a time, and hold no body before its turn", async () => {
    let now = 0;
    let most = 0;
    let made = 0;
    let answered = 0;
    const client = await clientOf((_, response) => {
      most = Math.max(most, ++now);
      expect(made - answered).toBeLessThanOrEqual(CONNECTIONS);
      setTimeout(() => {
        now--;
        response.end(() => answered++);
      }, 5);
    });
    const body = { type: "text/plain", make: () => Buffer.from(String(++made)) };
    await Promise.all(Array.from({ length: 40 }, () => client.request({ ...GET, method: "PUT", body })));
    expect(most).toBe(CONNECTIONS);
  });

  it("carry who asks", async () => {
    const client = await clientOf(({ headers }, response) => void response.end(headers.authorization), {
      credentials: { user: "ada", password: "s3cret" },
    });
    expect(String((await client.request(GET)).body)).toBe(`Basic ${btoa("ada:s3cret")}`);
  });
});

describe("an evidence store whose address is that of something else", () => {
  it("says so", async () => {
    await clientOf((_, response) => void response.end("<html>Welcome</html>"));
    const store = new HBaseSnapshotStore({ url: urlOf(server!), table: "snapshots", retryForMs: 100 });
    const asked = [() => store.check(), () => store.get({ key: "1" }), () => store.scan({ limit: 1 })];
    for (const ask of asked)
      await expect(ask()).rejects.toSatisfy((error) => isError(error, "SNAPSHOTS_ANSWER_INVALID"));
    store.close();
  });

  it("is told who may not", async () => {
    await clientOf((_, response) => void response.writeHead(401).end("Unauthorized"));
    const store = new HBaseSnapshotStore({ url: urlOf(server!), table: "snapshots" });
    const refused = (error: unknown) =>
      isError(error, "SNAPSHOTS_REFUSED") && error.message.includes("401: Unauthorized");
    await expect(store.put([snapshot()])).rejects.toSatisfy(refused);
    store.close();
  });
});

async function clientOf(listener: RequestListener, options: object = {}): Promise<RestClient> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new RestClient({ url: urlOf(server), timeoutMs: 100, retryForMs: 1_500, ...options });
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
