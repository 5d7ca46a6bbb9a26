import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FlinkApi } from "./flink-api.ts";
import { FlinkHttp } from "./flink-http.ts";

/** What a REST API says to a request: JSON, unless it writes to the response itself. */
export type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

/** A REST API that answers as `answers` say, by method and the beginning of the path. */
export class RestApi implements Disposable {
  readonly api: FlinkApi;
  /** What it was asked. */
  readonly asked: string[];
  readonly #close: () => void;

  private constructor(api: FlinkApi, asked: string[], close: () => void) {
    this.api = api;
    this.asked = asked;
    this.#close = close;
  }

  static async start(answers: Readonly<Record<string, Answer>>): Promise<RestApi> {
    const asked: string[] = [];
    const server = createServer(async (request, response) => {
      const doing = `${request.method} ${request.url}`;
      asked.push(doing);
      const body = Buffer.concat(await request.toArray()).toString();
      const answer = Object.entries(answers).findLast(([begins]) => doing.startsWith(begins))?.[1];
      const json = answer?.(request, response, body);
      if (!response.writableEnded && !response.destroyed) response.end(JSON.stringify(json ?? {}));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const http = new FlinkHttp({ url: `http://127.0.0.1:${port}`, timeoutMs: 1_000, retryForMs: 200 });
    return new RestApi(new FlinkApi(http), asked, () => {
      http.close();
      server.closeAllConnections();
      server.close();
    });
  }

  [Symbol.dispose](): void {
    this.#close();
  }
}
