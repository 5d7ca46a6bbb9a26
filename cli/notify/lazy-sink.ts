import type { AlertSink, Notification } from "../../connectors/alerts/notification.ts";

/** A sink whose client is loaded with the first notification. */
export class LazySink implements AlertSink {
  readonly concurrency: number;
  readonly #load: () => Promise<AlertSink>;
  #loaded: Promise<AlertSink> | undefined;

  constructor(concurrency: number, load: () => Promise<AlertSink>) {
    this.concurrency = concurrency;
    this.#load = load;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    this.#loaded ??= this.#load();
    await (await this.#loaded).send(notification, signal);
  }

  async close(): Promise<void> {
    await (await this.#loaded)?.close();
  }
}
