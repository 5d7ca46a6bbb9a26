import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a webhook was sent. */
export interface HookCall {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a listener answers: a status, with headers and a text, or nothing at all. */
export type HookAnswer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  | "silence"
  | "cut";

/** An HTTP server on this machine that keeps what it is sent. */
export class HookListener implements AsyncDisposable {
  readonly calls: HookCall[] = [];
  /** Decides the answer to a call; it may be changed at any time. */
  answer: (call: HookCall) => HookAnswer = () => ({ status: 204 });
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<HookListener> {
    const server = createServer();
    const listener = new HookListener(server);
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => listener.#answer({ headers: request.headers, body }, response));
      request.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return listener;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(call: HookCall, response: ServerResponse): void {
    this.calls.push(call);
    const answer = this.answer(call);
    if (answer === "cut") response.destroy();
    else if (answer !== "silence") response.writeHead(answer.status, answer.headers ?? {}).end(answer.text);
  }
}
