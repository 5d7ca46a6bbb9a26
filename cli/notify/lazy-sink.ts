import type { AlertSink, Notification } from "../../connectors/alerts/notification.ts";

/** A sink whose client is loaded with the first notification; a load that failed is tried again with the next. */
export class LazySink implements AlertSink {
  readonly concurrency: number;
  readonly #load: () => Promise<AlertSink>;
  #loaded: Promise<AlertSink> | undefined;

  constructor(concurrency: number, load: () => Promise<AlertSink>) {
    this.concurrency = concurrency;
    this.#load = load;
  }

  async send(notification: Notification, signal: AbortSignal): Promise<void> {
    await (await this.#client()).send(notification, signal);
  }

  async close(): Promise<void> {
    // What failed to load was told to its notification, and has nothing to close.
    await (await this.#loaded?.catch(() => undefined))?.close();
  }

  async #client(): Promise<AlertSink> {
    this.#loaded ??= this.#load();
    try {
      return await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }
}
