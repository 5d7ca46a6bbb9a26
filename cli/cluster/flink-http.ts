import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CountercheckError, isError, messageOf, raise } from "../../base/errors.ts";
import { connectionFailure, isLasting, isOfAnother, refusalIn, said } from "./flink-failures.ts";

/** Where Flink's REST API is, who asks, and how long to wait for it. */
export interface FlinkHttpOptions {
  /** Without a slash at its end. */
  readonly url: string;
  readonly credentials?: { readonly user: string; readonly password: string };
  /** PEM texts; default: the machine's authorities. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** For one answer, in ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** From the first attempt on a request that may be repeated to the begin of the last, in ms. Default 10,000. */
  readonly retryForMs?: number;
  /** Told when a request is tried again: why, and for how long, in ms. */
  readonly onRetry?: (reason: string, forMs: number) => void;
}

/** A request that is answered by JSON. */
export interface FlinkRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/`; parts and values are percent-encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** Told twice, it does what it does told once. Default: all but POST. */
  readonly mayRepeat?: boolean;
  /** For one answer, in ms. Default: that of all. */
  readonly timeoutMs?: number;
}

/** A body that is sent as it is read. */
interface Body {
  readonly type: string;
  readonly bytes: number;
  readonly open: () => Readable;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: Buffer;
}

/** Most bytes of an answer: exceptions come with stacks of all subtasks. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** A large jar over a slow line. */
const UPLOAD_TIMEOUT_MS = 15 * 60_000;
const BOUNDARY = "countercheck-3d0a5e8b7f2c";

/**
 * Requests to Flink's REST API. What may be repeated is tried again after failures that pass (the connection, no answer in
 * time, 429, 502 to 504, among them a JobManager that is being elected); redirects are refused. CLUSTER_UNAVAILABLE,
 * CLUSTER_REFUSED with `status` among its details, CLUSTER_ANSWER_INVALID.
 */
export class FlinkHttp {
  /** The address without a slash at its end. */
  readonly url: string;
  readonly #base: URL;
  readonly #options: FlinkHttpOptions;
  readonly #agent: http.Agent;
  readonly #send: typeof http.request;

  constructor(options: FlinkHttpOptions) {
    this.url = options.url;
    this.#base = new URL(options.url);
    this.#options = options;
    const isEncrypted = this.#base.protocol === "https:";
    this.#agent = isEncrypted
      ? new https.Agent({ keepAlive: true, ...options.tls })
      : new http.Agent({ keepAlive: true });
    this.#send = isEncrypted ? https.request : http.request;
  }

  /** The JSON that answers a request. */
  async request<T>(request: FlinkRequest): Promise<T> {
    const { method, path, body, mayRepeat = method !== "POST" } = request;
    const json = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const sent = json && { type: "application/json", bytes: json.length, open: () => Readable.from([json]) };
    const { retryForMs = 10_000 } = this.#options;
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
    const doing = `${method} ${path}`;
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#take<T>(doing, await this.#exchange({ method, path, doing, timeoutMs }, sent));
      } catch (error) {
        const pauseMs = Math.min(2_000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2);
        const isOver = performance.now() - startedAt + pauseMs > retryForMs;
        if (!mayRepeat || isOver || !isError(error, "CLUSTER_UNAVAILABLE") || isLasting(error.cause)) throw error;
        if (attempt === 1) this.#options.onRetry?.(String(error.details.reason), retryForMs);
        await sleep(pauseMs);
      }
    }
  }

  /** Uploads a file as a form's only field, once; `onProgress` is told how many of its bytes have gone out. */
  async upload<T>(path: string, file: UploadedFile, onProgress: (bytes: number, of: number) => void): Promise<T> {
    const { size } = await stat(file.path);
    const head = Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${file.field}"; filename="${file.name}"\r\n` +
        `Content-Type: ${file.type}\r\n\r\n`,
    );
    const tail = Buffer.from(`\r\n--${BOUNDARY}--\r\n`);
    async function* parts(): AsyncGenerator<Buffer> {
      yield head;
      let bytes = 0;
      for await (const chunk of createReadStream(file.path, { highWaterMark: 1 << 18 })) {
        yield chunk as Buffer;
        bytes += (chunk as Buffer).length;
        onProgress(bytes, size);
      }
      yield tail;
    }
    const doing = `POST ${path}`;
    const answer = await this.#exchange(
      { method: "POST", path, doing, timeoutMs: UPLOAD_TIMEOUT_MS },
      {
        type: `multipart/form-data; boundary=${BOUNDARY}`,
        bytes: head.length + size + tail.length,
        open: () => Readable.from(parts()),
      },
    );
    return this.#take<T>(doing, answer);
  }

  close(): void {
    this.#agent.destroy();
  }

  #take<T>(doing: string, { status, location, body }: Answer): T {
    if (status === 429 || (status >= 502 && status <= 504)) this.#unavailable(doing, `status ${status}${said(body)}`);
    if (status >= 300 && status < 400) {
      const reason = `it sends on to ${location ?? "somewhere else"}; give the address that answers by itself`;
      raise("CLUSTER_REFUSED", { url: this.url, request: doing, status, reason });
    }
    if (status >= 400 && isOfAnother(status, body)) this.#notOfFlink(doing, `status ${status}${said(body)}`);
    if (status >= 400)
      raise("CLUSTER_REFUSED", { url: this.url, request: doing, status, reason: refusalIn(status, body) });
    try {
      return JSON.parse(body.toString() || "{}");
    } catch (error) {
      return this.#notOfFlink(doing, messageOf(error), error);
    }
  }

  #notOfFlink(doing: string, reason: string, cause?: unknown): never {
    raise("CLUSTER_ANSWER_INVALID", { url: this.url, request: doing, reason }, { cause });
  }

  #unavailable(doing: string, reason: string, cause?: unknown): never {
    throw new CountercheckError("CLUSTER_UNAVAILABLE", { url: this.url, request: doing, reason }, { cause });
  }

  async #exchange(request: Sent, body: Body | undefined): Promise<Answer> {
    try {
      return await this.#sent(request, body);
    } catch (error) {
      return this.#unavailable(request.doing, connectionFailure(error), error);
    }
  }

  #sent({ method, path, timeoutMs }: Sent, body: Body | undefined): Promise<Answer> {
    const { credentials } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = this.#send({
      agent: this.#agent,
      protocol: this.#base.protocol,
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ""),
      port: this.#base.port,
      path: this.#base.pathname.replace(/\/$/, "") + path,
      method,
      headers: {
        accept: "application/json",
        ...(body && { "content-type": body.type, "content-length": body.bytes }),
        ...(credentials && { authorization: `Basic ${btoa(`${credentials.user}:${credentials.password}`)}` }),
      },
    });
    const deadline = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    sent.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER) sent.destroy(new Error(`the answer has more than ${MAX_ANSWER} bytes`));
        else chunks.push(chunk);
      });
      const { statusCode = 0, headers } = response;
      response.once("end", () =>
        resolve({ status: statusCode, location: headers.location, body: Buffer.concat(chunks) }),
      );
      response.on("error", reject);
      response.once("close", () => reject(new Error("the answer was cut short")));
    });
    sent.on("error", reject);
    if (body === undefined) sent.end();
    // A server that answers before it has read all is heard; what the pipe says then is what `sent` says.
    else pipeline(body.open(), sent).catch(reject);
    return promise.finally(() => clearTimeout(deadline));
  }
}

/** A file on its way. */
export interface UploadedFile {
  readonly path: string;
  /** Of the form. */
  readonly field: string;
  /** As the server shows it. */
  readonly name: string;
  readonly type: string;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  /** For errors. */
  readonly doing: string;
  readonly timeoutMs: number;
}
