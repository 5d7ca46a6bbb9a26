import { isError, raise } from "../../base/errors.ts";
import { httpFailure } from "../../base/http-failure.ts";
import type { Key } from "../../base/key.ts";
import { Slots } from "../../base/slots.ts";
import { keyValues } from "./key-values.ts";
import type { TruthReader, TruthRow } from "./truth-reader.ts";

/** How an address is asked. */
export interface HttpOptions {
  /** Names it, for errors; its URL may hold a secret. */
  readonly source: string;
  readonly method: "GET" | "POST";
  /** `{1}`, `{2}` … are the parts of the key, escaped. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, in whose texts `{1}`, `{2}` … are the parts of the key. */
  readonly body: unknown;
  /** For all of an answer, in ms. */
  readonly timeoutMs: number;
}

const AT_ONCE = 8;
const MOST_BYTES = 64 * 1024;

/** Asks by HTTP. The answer is JSON: an array of rows, or one row. Redirects are not followed. */
export class HttpReader implements TruthReader {
  readonly #options: HttpOptions;
  readonly #slots = new Slots(AT_ONCE);

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  read(key: Key, signal: AbortSignal): Promise<readonly TruthRow[]> {
    return this.#slots.run(() => this.#read(key, signal));
  }

  async #read(key: Key, signal: AbortSignal): Promise<readonly TruthRow[]> {
    const { source, method, headers, timeoutMs, body } = this.#options;
    const values = keyValues(key).map(String);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await fetch(filled(this.#options.url, values.map(encodeURIComponent)), {
        method,
        redirect: "error",
        signal: AbortSignal.any([signal, timeout]),
        headers: {
          accept: "application/json",
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(filledIn(body, values)) }),
      });
      const text = await textOf(answer, source);
      if (answer.ok) return rowsOf(text, source);
      return raise("REREAD_FAILED", { source, reason: `status ${answer.status}` });
    } catch (error) {
      if (isError(error)) throw error;
      const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : httpFailure(error);
      return raise("REREAD_FAILED", { source, reason }, { cause: error });
    }
  }

  async close(): Promise<void> {}
}

function filled(text: string, values: readonly string[]): string {
  return text.replace(/\{(\d+)\}/g, (place, number: string) => values[Number(number) - 1] ?? place);
}

function filledIn(body: unknown, values: readonly string[]): unknown {
  if (typeof body === "string") return filled(body, values);
  if (Array.isArray(body)) return body.map((each) => filledIn(each, values));
  if (typeof body !== "object" || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, filledIn(value, values)]));
}

async function textOf(answer: Response, source: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      raise("REREAD_ANSWER_INVALID", { place: source, problem: `it is longer than ${MOST_BYTES} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function rowsOf(text: string, source: string): readonly TruthRow[] {
  const isRow = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return raise("REREAD_ANSWER_INVALID", { place: source, problem: "it is not JSON" });
  }
  const rows = Array.isArray(parsed) ? parsed : [parsed];
  return rows.every(isRow)
    ? rows
    : raise("REREAD_ANSWER_INVALID", { place: source, problem: "expected an object, or an array of them" });
}
