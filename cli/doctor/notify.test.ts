import { describe, expect, it } from "vitest";
import { HookListener } from "../../test/support/hook-listener.ts";
import type { Config } from "../config.ts";
import { examineNotify } from "./notify.ts";

const examine = (url: string) => {
  const to = { kind: "slack", url, allowHttp: false };
  const sink = {
    name: "chat",
    about: "money",
    to,
    timeoutMs: 1,
    giveUpAfterMs: 1,
    storm: { moreThan: 1, withinMs: 1 },
  };
  return examineNotify({ notify: [sink], file: "config.json" } as unknown as Config);
};

describe("those who are told of alerts", () => {
  it("are looked for, and told nothing", async () => {
    await using listener = await HookListener.open();
    const { url } = listener;
    const { host } = new URL(url);
    expect(await examine(url)).toEqual([{ level: "ok", about: "notify chat", says: `${host} answers` }]);
    expect(listener.calls).toEqual([]);
    await listener[Symbol.asyncDispose]();
    expect(await examine(url)).toMatchObject([{ level: "warning", code: "NOTIFY_UNREACHABLE" }]);
  });

  it("cannot be told without their secrets", async () => {
    const missing = await examine("$" + "{env:NO_SUCH_SECRET}");
    expect(missing).toMatchObject([{ level: "problem", says: expect.stringContaining("NO_SUCH_SECRET") }]);
  });
});
