import { createTransport, type Transporter } from "nodemailer";
import { messageOf, raise } from "../../../base/errors.ts";
import type { AlertSink, Notification } from "../notification.ts";
import { factsOf, headlineOf } from "../summary.ts";

/** A mail server, and who writes to whom. */
export interface EmailOptions {
  /** Names the sink in errors. */
  readonly sink: string;
  readonly host: string;
  readonly port: number;
  /** `starttls`: encrypted once it is asked to, else nothing is sent; `tls`: from the start; `none`: in the clear. */
  readonly security: "starttls" | "tls" | "none";
  readonly auth?: { readonly user: string; readonly password: string };
  /** PEM of authorities besides the machine's. */
  readonly ca?: string;
  readonly from: string;
  readonly to: readonly string[];
  /** For connecting, and for each answer, in ms. */
  readonly timeoutMs: number;
}

/**
 * A mail of plain text for each notification, by SMTP. What tells of one alert is one thread, and what is sent twice has the
 * same Message-ID.
 */
export class EmailSink implements AlertSink {
  readonly concurrency = 2;
  readonly #options: EmailOptions;
  readonly #transport: Transporter;

  constructor(options: EmailOptions) {
    this.#options = options;
    const { host, port, security, auth, ca, timeoutMs } = options;
    this.#transport = createTransport({
      host,
      port,
      secure: security === "tls",
      requireTLS: security === "starttls",
      ignoreTLS: security === "none",
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(auth && { auth: { user: auth.user, pass: auth.password } }),
      ...(ca !== undefined && { tls: { ca } }),
    });
  }

  async send({ idempotencyKey, news, confirmation }: Notification, signal: AbortSignal): Promise<void> {
    const { sink, from, to } = this.#options;
    const domain = /@([A-Za-z0-9.-]+)>?$/.exec(from)?.[1] ?? "countercheck.invalid";
    const facts = factsOf(news).map(([name, value]) => `${name}: ${value}`);
    const lines = [headlineOf(news), "", ...facts, ...(confirmation === null ? [] : ["", confirmation])].map(onOneLine);
    try {
      await this.#transport.sendMail({
        from,
        to: [...to],
        subject: onOneLine(headlineOf(news)).slice(0, MOST_SUBJECT),
        text: `${lines.join("\n")}\n`,
        messageId: `<${idempotencyKey}@${domain}>`,
        references: `<${onOneLine(news.id).replace(/[^A-Za-z0-9._-]/g, "_")}@${domain}>`,
        headers: { "Auto-Submitted": "auto-generated" },
        signal,
      });
    } catch (error) {
      const code = isRefusal(error) ? "NOTIFICATION_REFUSED" : "NOTIFICATION_SINK_UNAVAILABLE";
      raise(code, { sink, reason: onOneLine(messageOf(error)) }, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#transport.close();
  }
}

const MOST_SUBJECT = 200;

/** What the server says for good about this mail, and not about who sends it. */
function isRefusal(error: unknown): boolean {
  const { code, responseCode = 0 } = error as { code?: string; responseCode?: number };
  return (code === "EENVELOPE" || code === "EMESSAGE") && responseCode >= 500;
}

/** Data cannot begin a line, nor a header. */
function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
