import { describe, expect, it } from "vitest";
import refunds from "../../jobs/refunds/job.ts";
import { HookListener } from "../../test/support/hook-listener.ts";
import type { Config } from "../config.ts";
import { examineNotify } from "./notify.ts";

const examine = (url: string, checks?: readonly string[]) => {
  const to = { kind: "slack", url, allowHttp: false };
  const sink = {
    name: "chat",
    about: "money",
    to,
    checks,
    timeoutMs: 1,
    giveUpAfterMs: 1,
    storm: { moreThan: 1, withinMs: 1 },
  };
  return examineNotify({ notify: [sink], file: "config.json" } as unknown as Config, checks && refunds.graph());
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

  it("are told of checks that the job has", async () => {
    await using listener = await HookListener.open();
    const [, ...unknown] = await examine(listener.url, ["refunds-booked", "refund-booked"]);
    expect(unknown).toMatchObject([
      {
        level: "warning",
        says: expect.stringContaining("no check of refunds is called refund-booked: nobody is told"),
      },
    ]);
  });

  it("cannot be told without their secrets", async () => {
    const missing = await examine("$" + "{env:NO_SUCH_SECRET}");
    expect(missing).toMatchObject([{ level: "problem", says: expect.stringContaining("NO_SUCH_SECRET") }]);
  });
});
