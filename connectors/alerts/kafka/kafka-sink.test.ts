import { describe, expect, it } from "vitest";
import { CountercheckError } from "../../../base/errors.ts";
import { newsOf, notificationOf } from "../news.test-helper.ts";
import { documentOf } from "../webhook/webhook-sink.ts";
import { KafkaSink, type TopicRecord } from "./kafka-sink.ts";

describe("a topic of notifications", () => {
  it("gets the document of a webhook, keyed by its alert", async () => {
    const records: TopicRecord[] = [];
    const write = async (record: TopicRecord) => void records.push(record);
    await new KafkaSink("audit", { write, close: async () => undefined }).send(notificationOf(newsOf()));
    const [{ key, value, headers }] = records as [TopicRecord];
    expect(Buffer.from(key).toString()).toBe("a1");
    expect(JSON.parse(Buffer.from(value).toString())).toEqual(documentOf(notificationOf(newsOf())));
    expect(headers.map((header) => [header.name, Buffer.from(header.value).toString()])).toEqual([
      ["idempotency-key", "k1"],
    ]);
  });

  it("is away while its brokers are", async () => {
    const error = new CountercheckError("KAFKA_UNAVAILABLE", { doing: "writing", broker: "b:1", reason: "no answer" });
    const sink = new KafkaSink("audit", { write: () => Promise.reject(error), close: async () => undefined });
    await expect(sink.send(notificationOf(newsOf()))).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
  });
});
