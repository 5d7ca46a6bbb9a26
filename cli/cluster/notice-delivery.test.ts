import { describe, expect, it, vi } from "vitest";
import { noticeOf, noticesTo, openHook } from "./results.test-helper.ts";

describe("notices beside a task", () => {
  it("are told in order for each alert while the sink comes and goes", async () => {
    await using hook = await openHook();
    hook.status = 503;
    const delivery = noticesTo(hook.port, () => undefined);
    delivery.deliver([noticeOf("1", "a"), noticeOf("2", "a", "updated"), noticeOf("3", "b")], Date.now());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([...delivery.waiting()]).toHaveLength(3);
    hook.status = 204;
    await vi.waitFor(() => expect(delivery.isIdle).toBe(true), 5_000);
    const ofA = hook.got.filter(({ body }) => body.alert === "a").map(({ body }) => body.action);
    expect(ofA).toEqual(["opened", "updated"]);
    expect(hook.got).toHaveLength(3);
    expect(delivery.bytes).toBe(0);
    await delivery.close();
  });

  it("are given up, and said to be, when a sink took none for as long as its patience lasts", async () => {
    await using hook = await openHook();
    hook.status = 400;
    const notes: string[] = [];
    const delivery = noticesTo(hook.port, (line) => notes.push(line), { giveUpAfterMs: 0 });
    delivery.deliver([noticeOf("1", "a")], Date.now());
    await vi.waitFor(() => expect(delivery.isIdle).toBe(true), 5_000);
    expect(notes[0]).toMatch(/pager was not told of alert a \(opened\): status 400/);
    await delivery.close();
  });

  it("reach a sink that was down when they were laid down", async () => {
    const { port } = await openHook().then(async (hook) => {
      await hook[Symbol.asyncDispose]();
      return hook;
    });
    const delivery = noticesTo(port, () => undefined);
    delivery.deliver([noticeOf("1", "a")], Date.now());
    await new Promise((resolve) => setTimeout(resolve, 250));
    await using hook = await openHook(port);
    await vi.waitFor(() => expect(hook.got).toHaveLength(1), 5_000);
    await delivery.close();
  });

  it("of sinks that the job no longer has are left out", async () => {
    const delivery = noticesTo(1, () => undefined);
    delivery.deliver([{ ...noticeOf("1", "a"), sink: "gone" }], Date.now());
    expect(delivery.isIdle).toBe(true);
    await delivery.close();
  });
});
