import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { CountercheckError, messageOf, raise } from "../../base/errors.ts";
import { Slots } from "../../base/slots.ts";

/** Where an HBase REST server is, who asks, and how long to wait for it. */
export interface RestOptions {
  /** Such as `http://hbase-rest.internal:8080`. */
  readonly url: string;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** For one answer, in ms. Default 20,000. */
  readonly timeoutMs?: number;
  /** From the first attempt on a request to the begin of the last, in ms. Default 5,000. */
  readonly retryForMs?: number;
}

/** A request. */
export interface RestRequest {
  readonly method: "GET" | "PUT";
  /** Begins with `/`; parts and values are percent-encoded. */
  readonly path: string;
  readonly accept: string;
  readonly body?: {
    readonly type: string;
    /** Makes the body; called when it is the request's turn, so that few bodies are held at a time. */
    readonly make: () => Uint8Array;
  };
}

/** An answer of any status below 500 but 429. */
export interface RestAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Called after a failure with a 5xx status: may throw what is really the matter. */
export type Diagnosis = () => Promise<void>;

/** Requests on the way at the same time; more are slower in every way. */
export const CONNECTIONS = 4;

/** Most bytes of an answer. */
const MAX_ANSWER = 512 * 1024 * 1024;

/**
 * Requests to an HBase REST server over a few connections that are kept. What fails for a reason that passes (the
 * connection, no answer in time, 429, 5xx) is tried again after a growing pause, so requests must bear being repeated;
 * SNAPSHOTS_UNAVAILABLE when that was in vain. What else goes wrong is a BUG, at once.
 */
export class RestClient {
  /** The server's address without a slash at its end. */
  readonly url: string;
  readonly #base: URL;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;
  readonly #slots = new Slots(CONNECTIONS);
  readonly #authorization: string | undefined;
  readonly #timeoutMs: number;
  readonly #retryForMs: number;

  constructor({ url, credentials, timeoutMs = 20_000, retryForMs = 5_000 }: RestOptions) {
    this.url = url.replace(/\/+$/, "");
    this.#base = new URL(this.url);
    const transport = this.#base.protocol === "https:" ? https : http;
    this.#agent = new transport.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    this.#send = transport.request;
    this.#authorization = credentials && basic(credentials);
    this.#timeoutMs = timeoutMs;
    this.#retryForMs = retryForMs;
  }

  /** The answer to a request. SNAPSHOTS_UNAVAILABLE, BUG. */
  request(request: RestRequest, diagnosis?: Diagnosis): Promise<RestAnswer> {
    return this.#slots.run(async () => {
      const body = request.body?.make();
      const startedAt = performance.now();
      for (let attempt = 1; ; attempt++) {
        const outcome = await this.#attempt(request, body);
        if (typeof outcome !== "string") return outcome;
        if (attempt === 1 && diagnosis !== undefined && SERVER_FAILED.test(outcome)) await diagnosis();
        const pauseMs = Math.min(2_000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
        if (performance.now() - startedAt + pauseMs > this.#retryForMs)
          raise("SNAPSHOTS_UNAVAILABLE", { url: this.url, attempts: attempt, reason: outcome });
        await sleep(pauseMs);
      }
    });
  }

  /** The answer to a request that is sent once, beside the others; undefined where there is none that says something. BUG. */
  async once(request: RestRequest): Promise<RestAnswer | undefined> {
    const outcome = await this.#attempt(request, request.body?.make());
    return typeof outcome === "string" ? undefined : outcome;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** An answer, or why there is none that is worth having. */
  async #attempt(request: RestRequest, body: Uint8Array | undefined): Promise<RestAnswer | string> {
    try {
      const answer = await this.#exchange(request, body);
      return answer.status >= 500 || answer.status === 429 ? `status ${answer.status}` : answer;
    } catch (error) {
      if (passesByItself(error)) return messageOf(error) || String((error as NodeJS.ErrnoException).code);
      const what = `a request to HBase failed: ${messageOf(error)}`;
      throw new CountercheckError("BUG", { what }, { cause: error });
    }
  }

  #exchange(request: RestRequest, body: Uint8Array | undefined): Promise<RestAnswer> {
    const { method, path, accept } = request;
    const { promise, resolve, reject } = Promise.withResolvers<RestAnswer>();
    const sent = this.#send({
      agent: this.#agent,
      protocol: this.#base.protocol,
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ""),
      port: this.#base.port,
      path: this.#base.pathname.replace(/\/$/, "") + path,
      method,
      headers: {
        accept,
        ...(body === undefined ? {} : { "content-type": request.body?.type, "content-length": body.length }),
        ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      },
    });
    const deadline = setTimeout(
      () => sent.destroy(new NoAnswer(`no answer within ${this.#timeoutMs} ms`)),
      this.#timeoutMs,
    );
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER) sent.destroy(new NoAnswer(`the answer has more than ${MAX_ANSWER} bytes`));
        else chunks.push(chunk);
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks, bytes) }));
      response.on("error", reject);
      response.once("close", () => reject(new NoAnswer("the answer was cut short")));
    });
    sent.on("error", reject);
    sent.end(body);
    return promise.finally(() => clearTimeout(deadline));
  }
}

const SERVER_FAILED = /^status 5/;

/** There is no answer, or none that ends. */
class NoAnswer extends Error {}

/** What the connection, its encryption or the server's HTTP does; not what Node says of how it was called. */
function passesByItself(error: unknown): boolean {
  if (error instanceof NoAnswer) return true;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" && (!code.startsWith("ERR_") || OF_CONNECTION.test(code));
}

const OF_CONNECTION = /^ERR_(TLS|SSL|SOCKET_CLOSED|STREAM_DESTROYED|STREAM_PREMATURE_CLOSE|STREAM_WRITE_AFTER_END)/;

function basic({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
