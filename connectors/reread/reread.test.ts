import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { compositeKey, keyOf } from "../../base/key.ts";
import { amountsOf, isWrong } from "./answers.ts";
import { type HttpOptions, HttpReader } from "./http-reader.ts";
import { keyValues } from "./key-values.ts";
import { parametersOf, withQuestionMarks } from "./sql.ts";

const NEVER = new AbortController().signal;

describe("what a source of truth is asked with", () => {
  it("are the parts of the key as they were", () => {
    const parts = [9_007_199_254_740_993n, "it's | a \\ text", "42", true];
    expect(keyValues(compositeKey(parts.map(keyOf)))).toEqual(parts);
  });

  it("are parameters, and nothing in texts, names and comments is one", () => {
    const query = `SELECT '$1', "$2", \`$3\` /* $4 */ FROM t WHERE a = $2 AND b = $1 AND c = $2 -- $5`;
    expect(withQuestionMarks(query)).toEqual({
      sql: `SELECT '$1', "$2", \`$3\` /* $4 */ FROM t WHERE a = ? AND b = ? AND c = ? -- $5`,
      places: [1, 0, 1],
    });
    expect([parametersOf(query), parametersOf("SELECT 1")]).toEqual([2, 0]);
  });
});

describe("what it answers", () => {
  it("are amounts by currency, exact", () => {
    const rows = [
      { currency: "EUR", amount: "12345678901234567890.01" },
      { currency: "JPY", minor: 7n },
      { currency: "USD", minor: -105 },
      { currency: "GBP", amount: null },
    ];
    expect(amountsOf(rows, "q")).toEqual({ EUR: "12345678901234567890.01", JPY: "7", USD: "-1.05", GBP: "0" });
    expect(amountsOf([], "q")).toEqual({});
  });

  it.each([
    [{ currency: "EUR", amount: 0.1 }, "no exact decimal"],
    [{ currency: "euro", amount: "1" }, "no `currency` of ISO 4217"],
    [{ amount: "1" }, "no `currency`"],
    [{ currency: "EUR" }, "either `amount` or `minor`"],
    [{ currency: "EUR", minor: 1.5 }, "no whole number"],
  ])("is refused where it cannot be relied on: %j", (row, problem) => {
    expect(() => amountsOf([row], "q")).toThrow(problem);
  });

  it("is yes or no", () => {
    expect([true, false, 1, 0n].map((wrong) => isWrong([{ wrong }], "q"))).toEqual([true, false, true, false]);
    for (const rows of [[], [{ wrong: null }], [{ wrong: "f" }], [{ right: true }], [{ wrong: true }, { wrong: true }]])
      expect(() => isWrong(rows, "q")).toThrow("expected one row");
  });
});

describe("a source of truth by HTTP", () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function reader(answer: RequestListener, options: Partial<HttpOptions> = {}): Promise<HttpReader> {
    server = createServer(answer).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const url = `http://127.0.0.1:${port}${options.url ?? "/payments/{1}"}`;
    return new HttpReader({
      source: "core",
      method: "GET",
      headers: {},
      body: undefined,
      timeoutMs: 500,
      ...options,
      url,
    });
  }

  it("is asked for the key, escaped", async () => {
    const asked: string[] = [];
    const core = await reader(
      (request, response) => {
        asked.push(`${request.method} ${request.url} ${request.headers["x-key"]}`);
        response.end('{"currency": "EUR", "amount": "1.00"}');
      },
      { headers: { "x-key": "secret" } },
    );
    expect(await core.read("'a/b?c", NEVER)).toEqual([{ currency: "EUR", amount: "1.00" }]);
    expect(asked).toEqual(["GET /payments/a%2Fb%3Fc secret"]);
  });

  it("may be posted to", async () => {
    let body = "";
    const core = await reader(
      (request, response) => {
        request.on("data", (chunk) => {
          body += chunk;
        });
        request.on("end", () => response.end("[]"));
      },
      { method: "POST", url: "/query", body: { id: "{1}", of: ["{2}", 3] } },
    );
    expect(await core.read("7|'x\"y", NEVER)).toEqual([]);
    expect(JSON.parse(body)).toEqual({ id: "7", of: ['x"y', 3] });
  });

  it.each<[string, RequestListener, string]>([
    ["that is slow", () => undefined, "REREAD_FAILED"],
    ["that fails", (_, response) => void response.writeHead(503).end("busy"), "REREAD_FAILED"],
    ["that leads elsewhere", (_, response) => void response.writeHead(302, { location: "/" }).end(), "REREAD_FAILED"],
    ["that breaks off", (_, response) => void response.destroy(), "REREAD_FAILED"],
    ["that never ends", (_, response) => void response.write("[".repeat(100_000)), "REREAD_ANSWER_INVALID"],
    ["that is no JSON", (_, response) => void response.end("<html>"), "REREAD_ANSWER_INVALID"],
    ["of texts", (_, response) => void response.end('["no"]'), "REREAD_ANSWER_INVALID"],
  ])("is not relied on with an answer %s", async (_, answer, code) => {
    const core = await reader(answer);
    await expect(core.read("1", NEVER)).rejects.toMatchObject({ code });
  });
});
