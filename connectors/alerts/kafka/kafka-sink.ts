import { isError, messageOf, raise } from "../../../base/errors.ts";
import type { AlertSink, Notification } from "../notification.ts";
import { documentOf, IDEMPOTENCY_HEADER } from "../webhook/webhook-sink.ts";

/** Writes to a topic. */
export interface TopicWriter {
  /** Resolves once the record is where no single broker can lose it. */
  write(record: TopicRecord): Promise<void>;
  close(): Promise<void>;
}

/** A record of a topic. */
export interface TopicRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
}

/** A record of JSON for each notification, keyed by its alert, so that what is told of one stays in order. */
export class KafkaSink implements AlertSink {
  readonly concurrency = 64;
  readonly #sink: string;
  readonly #writer: TopicWriter;

  /** `sink` names it in errors. The writer is closed with it. */
  constructor(sink: string, writer: TopicWriter) {
    this.#sink = sink;
    this.#writer = writer;
  }

  async send(notification: Notification): Promise<void> {
    const { idempotencyKey, news } = notification;
    const headers = [{ name: IDEMPOTENCY_HEADER, value: Buffer.from(idempotencyKey) }];
    const value = Buffer.from(JSON.stringify(documentOf(notification)));
    try {
      await this.#writer.write({ key: Buffer.from(news.id), value, headers });
    } catch (error) {
      const code = isError(error, "KAFKA_RECORD_TOO_LARGE") ? "NOTIFICATION_REFUSED" : "NOTIFICATION_SINK_UNAVAILABLE";
      raise(code, { sink: this.#sink, reason: messageOf(error) }, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
