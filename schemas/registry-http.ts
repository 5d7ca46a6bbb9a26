import { setTimeout as sleep } from "node:timers/promises";
import { isError, raise } from "../base/errors.ts";
import { httpFailure } from "../base/http-failure.ts";

/** How to reach a registry that speaks Confluent's REST API (Confluent, Apicurio's ccompat, Karapace, Redpanda). */
export interface RegistryHttpOptions {
  /** The address before `/schemas` and `/subjects`. */
  readonly url: string;
  /** For HTTP basic authentication. They appear in no error. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** How long one attempt may take; default 10 s. */
  readonly timeoutMs?: number;
  /** Attempts for one request that meets a network error, a time-out, 429 or 5xx; default 5. */
  readonly attempts?: number;
  /** The pause before the second attempt; each further one is twice as long. Default 200 ms. */
  readonly backoffMs?: number;
}

/** The members of the registry's answers that this project reads; they come from outside, so each may be missing. */
export interface Answer {
  readonly id?: number;
  readonly schema?: string;
  readonly schemaType?: string;
  readonly references?: readonly { readonly subject: string; readonly version: number }[];
}

const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

/** Requests to a registry, tried again while it is worth it. */
export class RegistryHttp {
  /** The address without credentials, for errors. */
  readonly name: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;
  readonly #attempts: number;
  readonly #backoffMs: number;

  constructor({ url, credentials, timeoutMs = 10_000, attempts = 5, backoffMs = 200 }: RegistryHttpOptions) {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    if (address === undefined || address.username !== "" || address.password !== "") {
      const reason = "its address must be a URL, without credentials in it";
      raise("REGISTRY_INVALID", {
        registry: address?.host ?? "that was configured",
        request: "the connection",
        reason,
      });
    }
    this.name = address.href.replace(/\/+$/, "");
    this.#timeoutMs = timeoutMs;
    this.#attempts = attempts;
    this.#backoffMs = backoffMs;
    const { username, password } = credentials ?? { username: "", password: "" };
    const token = Buffer.from(`${username}:${password}`).toString("base64");
    const authorization = credentials === undefined ? {} : { authorization: `Basic ${token}` };
    this.#headers = { accept: MEDIA_TYPE, "content-type": MEDIA_TYPE, ...authorization };
    this.#secrets = credentials === undefined ? [] : [token, password].filter((secret) => secret !== "");
  }

  /** The answer, or undefined where there is none by this path. Rejects with REGISTRY_INVALID, REGISTRY_UNAVAILABLE. */
  async request(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Answer | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(method, path, body);
      } catch (error) {
        if (!isError(error, "REGISTRY_UNAVAILABLE") || attempt >= this.#attempts) throw error;
      }
      await sleep(this.#backoffMs * 2 ** (attempt - 1));
    }
  }

  /** An answer that this project cannot use. */
  invalid(request: string, reason: string): never {
    raise("REGISTRY_INVALID", { registry: this.name, request, reason: this.#masked(reason) });
  }

  async #attempt(method: string, path: string, body: unknown): Promise<Answer | undefined> {
    const request = `${method} ${path}`;
    const { status, text } = await this.#exchange(request, method, path, body);
    if (status === 404) return undefined;
    if (status === 429 || status >= 500) this.#unavailable(request, `it answered ${status}`);
    if (status !== 200) this.invalid(request, `it answered ${status} ${text.slice(0, 200)}`);
    const answer = parsed(text);
    if (typeof answer !== "object" || answer === null) this.invalid(request, "the answer is not a JSON object");
    return answer;
  }

  async #exchange(
    request: string,
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(this.name + path, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return this.#unavailable(request, httpFailure(error));
    }
  }

  #unavailable(request: string, reason: string): never {
    raise("REGISTRY_UNAVAILABLE", { registry: this.name, request, reason: this.#masked(reason) });
  }

  /** A server may echo what it was sent. */
  #masked(text: string): string {
    return this.#secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
