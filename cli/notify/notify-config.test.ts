import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newsOf, notificationOf } from "../../connectors/alerts/news.test-helper.ts";
import { documentOf } from "../../connectors/alerts/webhook/webhook-sink.ts";
import { readConfig } from "../config.ts";
import { shopConfig } from "../shop-log.ts";
import { openSink } from "./sinks.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-notify-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sinksOf(notify: object, more: object = {}) {
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ ...shopConfig("log", "out"), ...more, notify }));
  return readConfig(file).notify;
}

const SECRET = "$" + "{env:HOOK_SECRET}";
const HOOK = { url: "https://hooks.example.com/x", secret: SECRET };
const MAIL = { host: "mail.example.com", from: "a@example.com", to: ["b@example.com"] };

/** Blocks of JSON of the page. */
const BLOCKS = readFileSync(new URL("../../docs/how-to/alerts.md", import.meta.url), "utf8")
  .split("```json\n")
  .slice(1)
  .map((block) => JSON.parse(block.slice(0, block.indexOf("```"))));

describe("the page about alerts", () => {
  it("shows a configuration that is understood", () => {
    const { notify } = BLOCKS.find((block) => "notify" in block);
    const { mask } = BLOCKS.find((block) => "mask" in block);
    const names = sinksOf(notify, { mask, kafka: { brokers: ["127.0.0.1:9092"] } }).map(({ name, to }) => [
      name,
      to.kind,
    ]);
    expect(names).toEqual([
      ["ops", "webhook"],
      ["chat", "slack"],
      ["books", "email"],
      ["audit", "kafka"],
      ["engine", "slack"],
    ]);
  });

  it("shows what a webhook gets", () => {
    const shown = BLOCKS.find((block) => "headline" in block);
    const sent = JSON.parse(JSON.stringify(documentOf(notificationOf(newsOf()))));
    expect(Object.keys(shown)).toEqual(Object.keys(sent));
    expect(shown.headline).toBe(sent.headline);
  });
});

describe("who is told of alerts", () => {
  it("is configured by name, with what is left out filled in", () => {
    const [ops, chat, mail, audit] = sinksOf(
      {
        ops: { webhook: HOOK, checks: ["payment-settlement"], minAtRisk: { EUR: "100" }, storm: { moreThan: 5 } },
        chat: { slack: { url: SECRET }, about: "engine" },
        mail: { email: { ...MAIL, auth: { user: "u", password: SECRET }, ca: "ca.pem" }, giveUpAfter: "2d" },
        audit: { kafka: { topic: "alerts-told" } },
      },
      { kafka: { brokers: ["127.0.0.1:9092"] } },
    );
    expect(ops).toEqual({
      ...{ name: "ops", about: "money", checks: ["payment-settlement"], minAtRisk: { EUR: "100" } },
      to: { kind: "webhook", ...HOOK, allowHttp: false },
      ...{ timeoutMs: 10_000, giveUpAfterMs: 86_400_000, storm: { moreThan: 5, withinMs: 300_000 } },
    });
    expect(chat).toMatchObject({ about: "engine", to: { kind: "slack", url: SECRET } });
    const to = { kind: "email", port: 587, security: "starttls", ca: join(folder, "ca.pem"), to: MAIL.to };
    expect(mail).toMatchObject({ giveUpAfterMs: 172_800_000, to });
    expect(audit!.to).toEqual({ kind: "kafka", kafka: { brokers: ["127.0.0.1:9092"] }, topic: "alerts-told" });
  });

  it.each([
    [
      { webhook: HOOK, slack: { url: SECRET } },
      "notify.ops: expected exactly one of `webhook`, `slack`, `email`, `kafka`",
    ],
    [{}, "notify.ops: expected exactly one of"],
    [{ webhook: { ...HOOK, secret: "hunter2" } }, "notify.ops.webhook.secret: expected a reference such as"],
    [{ webhook: { ...HOOK, url: "http://hooks.example.com/x" } }, "notify.ops.webhook.url: everyone on the way"],
    [{ slack: { url: "hooks.slack.com" } }, "notify.ops.slack.url: expected a URL that begins with https://"],
    [{ webhook: HOOK, actions: ["exploded"] }, "notify.ops.actions.0: "],
    [{ webhook: HOOK, minAtRisk: { EUR: "much" } }, "notify.ops.minAtRisk.EUR: expected an amount"],
    [{ webhook: HOOK, giveUpAfter: "never" }, "notify.ops.giveUpAfter: expected a duration"],
    [{ email: { ...MAIL, to: ["b@example.com\r\nBcc: c@example.com"] } }, "notify.ops.email.to.0: expected an address"],
    [
      { email: { ...MAIL, security: "none", auth: { user: "u", password: SECRET } } },
      "notify.ops.email.security: everyone on the way could read the password",
    ],
    [{ kafka: { topic: "t" } }, "notify.ops.kafka: it needs `kafka` beside `sources`"],
  ])("is refused with its place: %j", (sink, problem) => {
    expect(() => sinksOf({ ops: sink })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => sinksOf({ ops: sink })).toThrow(problem);
  });

  it("is refused where a secret is missing, or an address in a secret is in the clear", () => {
    const name = `HOOK_${process.pid}`;
    const url = SECRET.replace("HOOK_SECRET", name);
    const open = () => sinksOf({ chat: { slack: { url } } }).map((sink) => openSink(sink, "config.json"));
    expect(open).toThrow(expect.objectContaining({ code: "CONFIG_SECRET_MISSING" }));
    process.env[name] = "http://hooks.example.com/secret-path";
    expect(open).toThrow("notify.chat.slack.url: everyone on the way could read it; expected https://");
    process.env[name] = "https://hooks.example.com/secret-path";
    expect(open).not.toThrow();
    delete process.env[name];
  });
});
