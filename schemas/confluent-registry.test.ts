import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfluentRegistry } from "./confluent-registry.ts";
import { decodeValue } from "./decoder.ts";

/** What the server answers to the n-th request for a path: a status and a body, or null for no answer at all. */
type Reply = readonly [status: number, body: unknown] | null;
type Script = (request: string, n: number, body: string) => Reply | Promise<Reply>;

const credentials = { username: "reader", password: "s3cret-phrase" };
const longSchema = { schema: '"long"' };

let server: Server;
let script: Script;
let requests: { readonly request: string; readonly authorization: string | undefined; readonly at: number }[];

beforeEach(async () => {
  requests = [];
  server = createServer(async (incoming, outgoing) => {
    const request = `${incoming.method} ${incoming.url}`;
    const n = requests.filter((seen) => seen.request === request).length;
    requests.push({ request, authorization: incoming.headers.authorization, at: performance.now() });
    const reply = await script(request, n, await textOf(incoming));
    if (reply === null) return outgoing.destroy();
    const body = typeof reply[1] === "string" ? reply[1] : JSON.stringify(reply[1]);
    return outgoing.writeHead(reply[0], { "content-type": "application/vnd.schemaregistry.v1+json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function client(options: { readonly timeoutMs?: number; readonly attempts?: number } = {}): ConfluentRegistry {
  const { port } = server.address() as AddressInfo;
  return new ConfluentRegistry({ url: `http://127.0.0.1:${port}/apis/v7/`, credentials, backoffMs: 1, ...options });
}

describe("a Confluent-compatible registry", () => {
  it("is asked once for an id, by however many at a time", async () => {
    script = () => [200, longSchema];
    const registry = client();
    const schemas = await Promise.all([registry.schemaById(5), registry.schemaById(5), registry.schemaById(5)]);
    schemas.push(await registry.schemaById(5));
    expect(schemas).toEqual(["long", "long", "long", "long"]);
    expect(requests.map(({ request }) => request)).toEqual(["GET /apis/v7/schemas/ids/5"]);
    expect(requests[0]!.authorization).toBe(`Basic ${btoa("reader:s3cret-phrase")}`);
  });

  it("registers a schema under a subject", async () => {
    let sent = "";
    script = (_request, _n, body) => {
      sent = body;
      return [200, { id: 42 }];
    };
    expect(await client().register("a/b value", { type: "array", items: "long" })).toBe(42);
    expect(requests[0]!.request).toBe("POST /apis/v7/subjects/a%2Fb%20value/versions");
    expect(JSON.parse(JSON.parse(sent).schema)).toEqual({ type: "array", items: "long" });
  });

  it("has references resolved, and those of references", async () => {
    const money =
      '{"type":"record","name":"shop.Money","fields":[{"name":"minor","type":"long"},{"name":"in","type":"Unit"}]}';
    const unit = '{"type":"enum","name":"Unit","namespace":"shop","symbols":["EUR","USD"]}';
    const line =
      '{"type":"record","name":"shop.Line","fields":[{"name":"net","type":"Money"},{"name":"fee","type":"shop.Money"}]}';
    const answers: Record<string, unknown> = {
      "GET /apis/v7/schemas/ids/9": {
        schema: line,
        references: [{ name: "shop.Money", subject: "money", version: 3 }],
      },
      "GET /apis/v7/subjects/money/versions/3": {
        schema: money,
        references: [{ name: "shop.Unit", subject: "unit", version: 1 }],
      },
      "GET /apis/v7/subjects/unit/versions/1": { schema: unit },
    };
    script = (request) => [200, answers[request]];
    const schema = await client().schemaById(9);
    const value = decodeValue(schema, Buffer.of(20, 0, 1, 2));
    expect(value).toEqual({ net: { minor: 10n, in: "EUR" }, fee: { minor: -1n, in: "USD" } });
    expect(requests).toHaveLength(3);
  });

  it.each([
    ["429", [429, "slow down"]],
    ["503", [503, "starting"]],
    ["a broken connection", null],
  ] as const)("is asked again after %s, later each time", async (_, failure) => {
    script = (_request, n) => (n < 3 ? failure : [200, longSchema]);
    expect(await client().schemaById(1)).toBe("long");
    expect(requests).toHaveLength(4);
    expect(requests[3]!.at - requests[2]!.at).toBeGreaterThanOrEqual(3);
  });

  it("is asked again when it is too slow", async () => {
    script = async (_request, n) => {
      if (n === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      return [200, longSchema];
    };
    expect(await client({ timeoutMs: 50 }).schemaById(1)).toBe("long");
  });

  it("is unavailable after the last attempt, and can be asked again later", async () => {
    script = () => [500, "no"];
    const registry = client({ attempts: 2 });
    const error = { code: "REGISTRY_UNAVAILABLE", fault: "external", retryable: true };
    await expect(registry.schemaById(1)).rejects.toMatchObject(error);
    expect(requests).toHaveLength(2);
    script = () => [200, longSchema];
    expect(await registry.schemaById(1)).toBe("long");
  });

  it("says which id it does not have, at once", async () => {
    script = () => [404, { error_code: 40403, message: "Schema not found" }];
    const rejection = expect(client().schemaById(77)).rejects;
    await rejection.toMatchObject({ code: "SCHEMA_UNKNOWN", retryable: false, details: { id: 77 } });
    expect(requests).toHaveLength(1);
  });

  it.each<[string, Reply, string]>([
    ["forbids it", [401, "who is reader:s3cret-phrase?"], "it answered 401"],
    ["speaks HTML", [200, "<html>"], "not a JSON object"],
    ["has a schema of another kind", [200, { schema: "{}", schemaType: "PROTOBUF" }], "PROTOBUF"],
    ["has a schema that is no JSON", [200, { schema: "rekord" }], "not JSON"],
  ])("is invalid where it %s, and no error shows the credentials", async (_, reply, reason) => {
    script = () => reply;
    const error: Error = await client()
      .schemaById(1)
      .then(
        () => expect.unreachable(),
        (thrown) => thrown,
      );
    expect(error).toMatchObject({ code: "REGISTRY_INVALID", message: expect.stringContaining(reason) });
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toMatch(/s3cret|cmVhZGVy/);
    expect(requests).toHaveLength(1);
  });

  it("is not reached through an address with credentials in it", () => {
    const connect = () => new ConfluentRegistry({ url: "http://reader:s3cret@127.0.0.1:8081" });
    expect(connect).toThrow(expect.objectContaining({ code: "REGISTRY_INVALID" }));
    expect(connect).not.toThrow(/s3cret/);
  });
});

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of incoming) text += chunk;
  return text;
}
