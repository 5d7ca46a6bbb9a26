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

  it("of very many alerts at once are told as one, and what becomes of those is not told either", async () => {
    await using hook = await openHook();
    const delivery = noticesTo(hook.port, () => undefined);
    const limits = { moreThan: 2, withinMs: 600 };
    const opened = ["a", "b", "c", "d"].map((alert) => noticeOf(`${alert}1`, alert, "opened", limits));
    delivery.deliver([noticeOf("a1", "a", "opened", limits)], Date.now());
    await vi.waitFor(() => expect(hook.got).toHaveLength(1), 3_000);
    // The first was told already; the second had to wait for others, and is held with them.
    delivery.deliver(opened.slice(1), Date.now());
    delivery.deliver([noticeOf("c2", "c", "resolved", limits), noticeOf("a2", "a", "resolved", limits)], Date.now());
    await vi.waitFor(() => expect(hook.got).toHaveLength(4), 5_000);
    const told = hook.got.map(({ body }) => body as typeof body & { about: string; opened?: number; open?: number });
    expect(told.filter(({ about }) => about === "money").map(({ alert, action }) => `${alert} ${action}`)).toEqual([
      "a opened",
      "a resolved",
    ]);
    expect(told.filter(({ about }) => about === "storm")).toMatchObject([
      { action: "opened", opened: 3, open: 2 },
      { action: "over", opened: 3, open: 2 },
    ]);
    await vi.waitFor(() => expect(delivery.isIdle).toBe(true), 3_000);
    // It is over, and b is still open: nobody knows of it.
    delivery.deliver([noticeOf("b2", "b", "resolved", limits)], Date.now());
    expect(delivery.isIdle).toBe(true);
    await delivery.close();
  });

  it("go on with a storm after a restore", async () => {
    await using hook = await openHook();
    const limits = { moreThan: 1, withinMs: 600_000 };
    const before = noticesTo(hook.port, () => undefined);
    before.deliver(
      ["a", "b", "c"].map((alert) => noticeOf(`${alert}1`, alert, "opened", limits)),
      Date.now(),
    );
    await vi.waitFor(() => expect(hook.got).toHaveLength(1), 3_000);
    const saved = JSON.parse(JSON.stringify(before.saveStorms()));
    await before.close();
    const after = noticesTo(hook.port, () => undefined);
    after.restoreStorms(saved);
    after.deliver([noticeOf("d1", "d", "opened", limits), noticeOf("b2", "b", "updated", limits)], Date.now());
    expect(after.isIdle).toBe(true);
    expect(after.saveStorms()).toMatchObject([{ storm: { opened: 4, told: 3 } }]);
    await after.close();
  });

  it("of sinks that the job no longer has are left out", async () => {
    const delivery = noticesTo(1, () => undefined);
    delivery.deliver([{ ...noticeOf("1", "a"), sink: "gone" }], Date.now());
    expect(delivery.isIdle).toBe(true);
    await delivery.close();
  });
});
