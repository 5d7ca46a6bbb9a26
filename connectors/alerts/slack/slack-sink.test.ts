import { describe, expect, it } from "vitest";
import { HookListener } from "../../../test/support/hook-listener.ts";
import { newsOf, notificationOf, stormOf } from "../news.test-helper.ts";
import { messageOf, SlackSink } from "./slack-sink.ts";

const never = new AbortController().signal;

interface Message {
  readonly text: string;
  readonly blocks: readonly {
    readonly type: string;
    readonly text?: { text: string };
    readonly fields?: { text: string }[];
  }[];
}

describe("a Slack webhook", () => {
  it("gets a message of a headline and facts", async () => {
    await using listener = await HookListener.open();
    const sink = new SlackSink({ sink: "chat", url: listener.url, timeoutMs: 2_000 });
    await sink.send(notificationOf(newsOf(), "the bank could not be asked"), never);
    const message: Message = JSON.parse(listener.calls[0]!.body);
    expect(message.text).toBe("payment-settlement: missing opened, 42, 118.25 EUR at risk");
    expect(message.blocks.map(({ type }) => type)).toEqual(["header", "section", "context"]);
    expect(message.blocks[1]!.fields!.map(({ text }) => text)).toEqual([
      "at risk\n118.25 EUR", "key\n42", "at\n2026-11-23T12:00:00.000Z", "due\n2026-11-23T11:59:00.000Z", "job\nsettlement",
      "alert\na1",
    ]); // biome-ignore format: one look is enough
  });

  it("gets a storm with its sums and its sample", () => {
    const { text, blocks } = messageOf(notificationOf(stormOf())) as Message;
    expect(text).toBe("payment-settlement: 30 alerts at once");
    expect(blocks[1]!.fields!.map((field) => field.text).slice(0, 4)).toEqual([
      "since\n2026-11-23T12:00:00.000Z",
      "open\n28 of 30",
      "at risk\n302.00 EUR, 166.00 USD",
      "40\nmissing, 118.25 EUR",
    ]);
  });

  it("takes nothing of the data for markup, and no more than it can show", () => {
    const key = `'<!channel> & *bold* ${"\u{1F4B8}".repeat(2_000)}`;
    const message = messageOf(notificationOf(newsOf({ key, note: "x".repeat(9_000) }))) as Message;
    expect(message.text).toContain("&lt;!channel&gt; &amp; *bold*");
    const texts = message.blocks.flatMap(({ text, fields = [] }) => [...(text ? [text] : []), ...fields]);
    expect(texts).toEqual(texts.map(({ text }) => ({ type: "plain_text", text, emoji: false })));
    expect(message.blocks[0]!.text!.text.length).toBeLessThanOrEqual(150);
    for (const { text } of texts) {
      expect(text.length).toBeLessThanOrEqual(2_000);
      expect(text.isWellFormed()).toBe(true);
    }
  });
});
