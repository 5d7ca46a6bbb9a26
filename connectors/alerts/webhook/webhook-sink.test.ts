import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HookListener } from "../../../test/support/hook-listener.ts";
import type { AlertNews, Notification } from "../notification.ts";
import { retryAfterMs } from "./http-post.ts";
import { WebhookSink } from "./webhook-sink.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const NEWS: AlertNews = {
  about: "money", action: "opened", job: "settlement", id: "a1", check: "payment-settlement", key: "42", class: "missing",
  currency: "EUR", period: "", atRisk: "118.25", verdictVersion: 1, epoch: 1, time: NOW, dueAt: NOW - 60_000, lateByMs: null, note: null,
}; // biome-ignore format: one look is enough
const NOTIFICATION: Notification = { idempotencyKey: "k1", news: NEWS, confirmation: null };
const never = new AbortController().signal;

let listener: HookListener;
beforeEach(async () => {
  listener = await HookListener.open();
});
afterEach(() => listener[Symbol.asyncDispose]());

function sink(timeoutMs = 2_000, url = listener.url): WebhookSink {
  return new WebhookSink({ sink: "ops", url, timeoutMs, secret: "s3cret", now: () => NOW });
}

describe("a webhook", () => {
  it("gets a JSON document, signed over its time and its body, with an idempotency key", async () => {
    await sink().send(NOTIFICATION, never);
    const [call] = listener.calls;
    expect(JSON.parse(call!.body)).toEqual({
      ...{ version: 1, id: "k1", headline: "payment-settlement: missing opened, 42, 118.25 EUR at risk" },
      ...{ ...NEWS, id: "k1", alert: "a1", time: "2026-11-23T12:00:00.000Z", dueAt: "2026-11-23T11:59:00.000Z" },
      confirmation: null,
    });
    const seconds = NOW / 1_000;
    const expected = createHmac("sha256", "s3cret").update(`${seconds}.${call!.body}`).digest("hex");
    expect(call!.headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "k1",
      "countercheck-signature": `t=${seconds},v1=${expected}`,
    });
  });

  it("is left alone for as long as it asks", async () => {
    listener.answer = () => ({ status: 429, headers: { "retry-after": "7" } });
    await expect(sink().send(NOTIFICATION, never)).rejects.toMatchObject({
      code: "NOTIFICATION_SINK_UNAVAILABLE",
      details: { sink: "ops", reason: "status 429", retryAfterMs: 7_000 },
    });
    expect(retryAfterMs("Mon, 23 Nov 2026 12:00:30 GMT", NOW)).toBe(30_000);
    expect(retryAfterMs("Mon, 23 Nov 2026 11:00:30 GMT", NOW)).toBe(0);
    expect(retryAfterMs("soon", NOW)).toBeUndefined();
  });

  it.each([408, 425, 500, 502, 503])("that answers %i is away", async (status) => {
    listener.answer = () => ({ status });
    await expect(sink().send(NOTIFICATION, never)).rejects.toMatchObject({ code: "NOTIFICATION_SINK_UNAVAILABLE" });
  });

  it.each([400, 401, 404, 410])("that answers %i does not take this one", async (status) => {
    listener.answer = () => ({ status });
    await expect(sink().send(NOTIFICATION, never)).rejects.toMatchObject({ code: "NOTIFICATION_REFUSED" });
  });

  it("is not followed to another address", async () => {
    await using other = await HookListener.open();
    listener.answer = () => ({ status: 307, headers: { location: other.url } });
    await expect(sink().send(NOTIFICATION, never)).rejects.toMatchObject({ code: "NOTIFICATION_REFUSED" });
    expect(other.calls).toEqual([]);
  });

  it("that cuts the connection, says nothing or is not there is away", async () => {
    const away = (reason: unknown) => ({ code: "NOTIFICATION_SINK_UNAVAILABLE", details: { reason } });
    listener.answer = () => "cut";
    await expect(sink().send(NOTIFICATION, never)).rejects.toMatchObject(away(expect.stringMatching(/hang up|reset/i)));
    listener.answer = () => "silence";
    await expect(sink(50).send(NOTIFICATION, never)).rejects.toMatchObject(away("no answer within 50 ms"));
    const url = listener.url;
    await listener[Symbol.asyncDispose]();
    listener = await HookListener.open();
    const gone = sink(2_000, url).send(NOTIFICATION, never);
    await expect(gone).rejects.toMatchObject(away(expect.stringContaining("ECONNREFUSED")));
  });
});
