import type { AlertSink, Notification } from "../notification.ts";
import { factsOf, headlineOf } from "../summary.ts";
import { type Endpoint, post } from "../webhook/http-post.ts";

/** What Slack takes: longer texts are cut, more fields are left out. */
const MOST = { header: 150, text: 3_000, field: 2_000, fields: 10 };

/**
 * A message for each notification to an incoming webhook of Slack, or of what takes the same. Its address is its secret. It
 * knows no idempotency keys: a message may be there twice after a crash; each names its alert.
 */
export class SlackSink implements AlertSink {
  /** Slack takes about one message a second, and shows them as they come. */
  readonly concurrency = 1;
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    const headers = { "content-type": "application/json; charset=utf-8", "user-agent": "countercheck" };
    await post(this.#endpoint, headers, JSON.stringify(messageOf(notification)), signal);
  }

  async close(): Promise<void> {}
}

/** What is posted: blocks, and a text for what shows no blocks. Of the data nothing is read as markup, so nobody is mentioned. */
export function messageOf({ news, confirmation }: Notification): object {
  const headline = headlineOf(news);
  const facts = factsOf(news).slice(0, MOST.fields);
  const fields = facts.map(([name, value]) => plain(`${name}\n${value}`, MOST.field));
  return {
    text: escaped(cut(headline, MOST.text / 5)),
    blocks: [
      { type: "header", text: plain(headline, MOST.header) },
      { type: "section", fields },
      ...(confirmation === null ? [] : [{ type: "context", elements: [plain(confirmation, MOST.field)] }]),
    ],
  };
}

function plain(text: string, most: number): object {
  return { type: "plain_text", text: cut(text, most), emoji: false };
}

/** Counted in UTF-16 units, and never in the middle of a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** The three characters that are markup in a text. */
function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
