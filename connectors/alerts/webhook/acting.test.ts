import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { raise } from "../../../base/errors.ts";
import { HookListener } from "../../../test/support/hook-listener.ts";
import type { Notification } from "../notification.ts";
import { type ActingTurn, WebhookSink } from "./webhook-sink.ts";

const NOTIFICATION: Notification = {
  idempotencyKey: "k1",
  news: { about: "engine", action: "opened", job: "j", id: "a", code: "X", source: "s", message: "m" },
  confirmation: null,
};
const never = new AbortController().signal;

let listener: HookListener;
beforeEach(async () => {
  listener = await HookListener.open();
});
afterEach(() => listener[Symbol.asyncDispose]());

function sink(turn: ActingTurn): WebhookSink {
  return new WebhookSink({
    sink: "ops",
    url: listener.url,
    timeoutMs: 2_000,
    secret: "s3cret",
    now: () => 7_000,
    turn,
  });
}

describe("a webhook that acts", () => {
  it("has the token of its turn in a header, and signed in the body", async () => {
    await sink({ token: 1_764_000_000_123, requireMine: () => undefined }).send(NOTIFICATION, never);
    const [{ headers, body }] = listener.calls as [(typeof listener.calls)[number]];
    expect(headers["countercheck-fencing-token"]).toBe("1764000000123");
    expect(JSON.parse(body)).toMatchObject({ id: "k1", fencingToken: 1_764_000_000_123 });
    expect(headers["countercheck-signature"]).toBe(
      `t=7,v1=${createHmac("sha256", "s3cret").update(`7.${body}`).digest("hex")}`,
    );
  });

  it("is not sent once its turn is over", async () => {
    const late = sink({ token: 1, requireMine: () => raise("LOCK_LOST", { name: "run:j" }) });
    await expect(late.send(NOTIFICATION, never)).rejects.toMatchObject({ code: "LOCK_LOST" });
    expect(listener.calls).toEqual([]);
  });

  it("is refused by a receiver that was shown a higher token", async () => {
    let highest = 0;
    listener.answer = ({ headers }) => {
      const token = Number(headers["countercheck-fencing-token"]);
      if (token < highest) return { status: 409 };
      highest = token;
      return { status: 204 };
    };
    const [first, second] = [1, 2].map((token) => sink({ token, requireMine: () => undefined }));
    await first!.send(NOTIFICATION, never);
    await second!.send(NOTIFICATION, never);
    await expect(first!.send(NOTIFICATION, never)).rejects.toMatchObject({ code: "NOTIFICATION_REFUSED" });
  });
});
