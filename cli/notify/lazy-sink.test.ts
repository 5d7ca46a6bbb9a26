import { expect, it } from "vitest";
import type { AlertSink, Notification } from "../../connectors/alerts/notification.ts";
import { LazySink } from "./lazy-sink.ts";

const NOTIFICATION = {} as Notification;
const { signal } = new AbortController();

function sinkThatFails(times: number) {
  const done: string[] = [];
  const client: AlertSink = {
    concurrency: 1,
    send: async () => void done.push("sent"),
    close: async () => void done.push("closed"),
  };
  const sink = new LazySink(1, async () => {
    if (times-- > 0) throw new Error("no such module");
    done.push("loaded");
    return client;
  });
  return { sink, done };
}

it("loads its client once, with the first notification, and closes it", async () => {
  const { sink, done } = sinkThatFails(0);
  await sink.send(NOTIFICATION, signal);
  await sink.send(NOTIFICATION, signal);
  await sink.close();
  expect(done).toEqual(["loaded", "sent", "sent", "closed"]);
});

it("loads it again with the next notification where it could not", async () => {
  const { sink, done } = sinkThatFails(1);
  await expect(sink.send(NOTIFICATION, signal)).rejects.toThrow("no such module");
  await sink.send(NOTIFICATION, signal);
  expect(done).toEqual(["loaded", "sent"]);
});

it("is closed without trouble where there is no client: none was wanted, or it cannot be loaded", async () => {
  await sinkThatFails(0).sink.close();
  const { sink } = sinkThatFails(1);
  const sending = expect(sink.send(NOTIFICATION, signal)).rejects.toThrow("no such module");
  await sink.close();
  await sending;
});
