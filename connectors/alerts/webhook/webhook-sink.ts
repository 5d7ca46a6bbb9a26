import { createHmac } from "node:crypto";
import type { AlertSink, News, Notification } from "../notification.ts";
import { headlineOf } from "../summary.ts";
import { type Endpoint, post } from "./http-post.ts";

/** A webhook that is told of alerts. */
export interface WebhookOptions extends Endpoint {
  /** Signs what is sent. */
  readonly secret: string;
  /** Wall time in epoch ms. */
  readonly now: () => number;
  /** Of a webhook that acts: the right to be the only one that does. */
  readonly turn?: ActingTurn | undefined;
}

/** The right to act, alone. */
export interface ActingTurn {
  /** Above that of everyone who had it before. Who is acted upon refuses a lower one than it has seen. */
  readonly token: number;
  /** Throws once another may have it. */
  requireMine(): void;
}

/** `t=SECONDS,v1=HEX`: when it was signed, and HMAC-SHA256 over `SECONDS.BODY`. */
const SIGNATURE_HEADER = "countercheck-signature";
export const IDEMPOTENCY_HEADER = "idempotency-key";
const FENCING_HEADER = "countercheck-fencing-token";

/** A JSON document for each notification, signed. At least once: who gets one twice knows it by its idempotency key. */
export class WebhookSink implements AlertSink {
  readonly concurrency = 8;
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const { secret, now, turn } = this.#options;
    const body = JSON.stringify({ ...documentOf(notification), ...(turn && { fencingToken: turn.token }) });
    const headers = {
      "content-type": "application/json",
      "user-agent": "countercheck",
      [IDEMPOTENCY_HEADER]: notification.idempotencyKey,
      [SIGNATURE_HEADER]: signatureOf(secret, Math.floor(now() / 1_000), body),
      ...(turn && { [FENCING_HEADER]: String(turn.token) }),
    };
    turn?.requireMine();
    await post(this.#options, headers, body, signal);
  }

  async close(): Promise<void> {}
}

/** The JSON document of a notification, whatever takes it there. Times are ISO 8601 in UTC. */
export function documentOf({ idempotencyKey, news, confirmation }: Notification): object {
  const { id: alert, ...facts } = news;
  return { version: 1, id: idempotencyKey, headline: headlineOf(news), alert, ...withTimes(facts), confirmation };
}

/** The signature header's value. */
function signatureOf(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

const TIMES: ReadonlySet<string> = new Set(["time", "dueAt", "since"]);

function withTimes(facts: Omit<News, "id">): object {
  const entries = Object.entries(facts).map(([name, value]) =>
    TIMES.has(name) && typeof value === "number" ? [name, new Date(value).toISOString()] : [name, value],
  );
  return Object.fromEntries(entries);
}
