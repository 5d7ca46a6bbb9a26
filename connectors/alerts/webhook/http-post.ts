import * as http from "node:http";
import * as https from "node:https";
import { messageOf, raise } from "../../../base/errors.ts";

/** Where something is posted to. */
export interface Endpoint {
  /** Names the sink in errors; the URL may hold a secret and is never shown. */
  readonly sink: string;
  readonly url: string;
  /** For one answer, in ms. */
  readonly timeoutMs: number;
}

/** Most that is read of an answer; the rest is of no interest. */
const MAX_ANSWER = 4_096;

/**
 * Posts a body. Resolves for a 2xx status; redirects are not followed. NOTIFICATION_SINK_UNAVAILABLE for what may pass by
 * itself (the connection, no answer in time, 408, 425, 429, 5xx), NOTIFICATION_REFUSED for any other status.
 */
export async function post(
  { sink, url, timeoutMs }: Endpoint,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(body);
  const length = { "content-length": String(bytes.length) };
  const timeout = AbortSignal.timeout(timeoutMs);
  let answer: Answer;
  try {
    answer = await exchange(url, { ...headers, ...length }, bytes, AbortSignal.any([signal, timeout]));
  } catch (error) {
    const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    return raise("NOTIFICATION_SINK_UNAVAILABLE", { sink, reason }, { cause: error });
  }
  const { status, text, retryAfter } = answer;
  if (status >= 200 && status < 300) return;
  const reason = `status ${status}${text === "" ? "" : `, ${text}`}`;
  if (!PASSING.has(status) && status < 500) raise("NOTIFICATION_REFUSED", { sink, reason });
  raise("NOTIFICATION_SINK_UNAVAILABLE", { sink, reason, retryAfterMs: retryAfterMs(retryAfter, Date.now()) });
}

/** Timed out, too early, too many. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** What a `Retry-After` asks for, in seconds or as a date; undefined where it is neither. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | undefined;
}

function exchange(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  signal: AbortSignal,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { request } = url.startsWith("https:") ? https : http;
  const sent = request(url, { method: "POST", headers, signal });
  sent.on("error", reject);
  sent.once("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("error", reject);
    response.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MAX_ANSWER) finish();
    });
    response.once("end", finish);
    function finish(): void {
      response.destroy();
      const { statusCode: status = 0, headers: answered } = response;
      resolve({ status, text: text.slice(0, 200).trim(), retryAfter: answered["retry-after"] });
    }
  });
  sent.end(body);
  return promise;
}

/** Node's errors of several addresses have no message of their own. */
function reasonOf(error: unknown): string {
  return messageOf(error) || String((error as NodeJS.ErrnoException).code ?? "the connection failed");
}
