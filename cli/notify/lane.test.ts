import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { raise } from "../../base/errors.ts";
import { seededRandom } from "../../base/random.ts";
import type { AlertNews, AlertSink, Notification } from "../../connectors/alerts/notification.ts";
import { Desk } from "../../connectors/desk/desk.ts";
import { waitAfter } from "./backoff.ts";
import type { Confirmation } from "./confirmation.ts";
import { Dispatcher } from "./dispatcher.ts";
import { noticeOf } from "./notices.ts";

const PATIENCE = { firstWaitMs: 20, mostWaitMs: 100, giveUpAfterMs: 60_000, lookAgainMs: 50, holdBackMs: 400 };

const STORM = { moreThan: 20, withinMs: 60_000 };

let folder: string;
let desk: Desk;
let dispatcher: Dispatcher | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-lane-"));
  desk = new Desk(join(folder, "desk.db"), { create: true });
});
afterEach(async () => {
  await dispatcher?.close();
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Takes what it is sent, or fails as it is told. */
class ListedSink implements AlertSink {
  readonly concurrency = 4;
  readonly told: string[] = [];
  readonly notes: (string | null)[] = [];
  fail: (told: string) => void = () => undefined;

  async send({ news, confirmation }: Notification): Promise<void> {
    const told = `${news.id} ${news.action}`;
    this.fail(told);
    this.told.push(told);
    this.notes.push(confirmation);
  }

  async close(): Promise<void> {}
}

function lay(id: string, ...actions: AlertNews["action"][]): void {
  for (const [index, action] of actions.entries()) {
    const news: AlertNews = {
      about: "money", action, job: "j", id, check: "c", key: "1", class: "missing", currency: "EUR", period: "",
      atRisk: "1.00", verdictVersion: index + 1, epoch: 1, time: 0, dueAt: null, lateByMs: null, note: null,
    }; // biome-ignore format: one look is enough
    desk.storms.lay(noticeOf({ name: "ops", storm: STORM }, news, 1), Date.now());
  }
}

function dispatch(sink: AlertSink, confirm?: (alert: AlertNews) => Promise<Confirmation>, patience = PATIENCE): void {
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      setTimeout(resolve, Math.min(ms, 5));
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  const confirmer = { confirm: confirm ?? (async () => ({ outcome: "confirmed" as const, note: "" })) };
  dispatcher = new Dispatcher({
    desk,
    sinks: [{ name: "ops", sink, patience }],
    clock: { now: Date.now, sleep },
    random: seededRandom(1),
    confirmer,
    onLook: () => undefined,
    requireMine: () => undefined,
  });
}

describe("notifications", () => {
  it("are told in the order of their alert, and what one alert waits for holds up no other", async () => {
    lay("a", "opened", "updated", "resolved");
    lay("b", "opened", "resolved");
    const sink = new ListedSink();
    let refusals = 3;
    sink.fail = (told) => {
      if (told.startsWith("a") && refusals-- > 0) raise("NOTIFICATION_REFUSED", { sink: "ops", reason: "status 400" });
    };
    dispatch(sink);
    await dispatcher!.drain(5_000);
    expect(sink.told.slice(0, 2)).toEqual(["b opened", "b resolved"]);
    expect(sink.told.slice(2)).toEqual(["a opened", "a updated", "a resolved"]);
    expect(desk.notifications.counts()).toEqual({ sent: 5 });
  });

  it("wait while the sink is away, for as long as it asks", async () => {
    lay("a", "opened");
    lay("b", "opened");
    const sink = new ListedSink();
    const attempts: number[] = [];
    sink.fail = () => {
      attempts.push(Date.now());
      if (attempts.length <= 2)
        raise("NOTIFICATION_SINK_UNAVAILABLE", { sink: "ops", reason: "status 429", retryAfterMs: 300 });
    };
    dispatch(sink);
    await dispatcher!.drain(5_000);
    expect(sink.told.sort()).toEqual(["a opened", "b opened"]);
    expect(attempts[2]! - attempts[0]!).toBeGreaterThanOrEqual(300);
  });

  it("are given up after a time, shown so, and told once somebody asks for it", async () => {
    lay("a", "opened");
    const sink = new ListedSink();
    let isUp = false;
    sink.fail = () => isUp || raise("NOTIFICATION_REFUSED", { sink: "ops", reason: "status 404" });
    dispatch(sink, undefined, { ...PATIENCE, giveUpAfterMs: 100 });
    await dispatcher!.drain(5_000);
    const [entry] = desk.notifications.list({ limit: 9 });
    expect(entry).toMatchObject({ state: "given-up", note: "status 404" });
    expect(entry!.attempts).toBeGreaterThan(1);
    isUp = true;
    expect(desk.notifications.retry(entry!.id.slice(0, 6), Date.now())).toBe(1);
    await dispatcher!.drain(5_000);
    expect(sink.told).toEqual(["a opened"]);
  });
});

describe("an alert that the source of truth refutes", () => {
  it("is held back while others go out, and never told when it is resolved meanwhile", async () => {
    lay("a", "opened");
    lay("b", "opened");
    const sink = new ListedSink();
    dispatch(sink, async ({ id }) => ({ outcome: id === "a" ? "refuted" : "confirmed", note: "the bank has it" }));
    await expect.poll(() => sink.told).toEqual(["b opened"]);
    await expect.poll(() => desk.notifications.ofAlert("a")[0]!.note).toBe("the bank has it");
    lay("a", "opened", "resolved", "reopened");
    await dispatcher!.drain(5_000);
    expect(desk.notifications.ofAlert("a").map(({ state }) => state)).toEqual(["dropped", "dropped", "sent"]);
    expect(sink.told).toEqual(["b opened", "a reopened"]);
  });

  it("is told when it stays open for too long, with what was found", async () => {
    lay("a", "opened");
    const sink = new ListedSink();
    let asked = 0;
    dispatch(sink, async () => ({ outcome: "refuted", note: `asked ${++asked} times` }));
    await dispatcher!.drain(5_000);
    expect(sink.told).toEqual(["a opened"]);
    expect(asked).toBeGreaterThan(2);
    expect(sink.notes).toEqual([`asked ${asked} times`]);
  });

  it("is examined again where the desk was busy", async () => {
    lay("a", "opened");
    const busy = vi.spyOn(desk.notifications, "dropIfOver");
    busy.mockImplementationOnce(() => raise("DESK_BUSY", { path: "desk.db" }));
    const sink = new ListedSink();
    dispatch(sink, async () => ({ outcome: "confirmed", note: "it is missing there too" }));
    await dispatcher!.drain(5_000);
    expect(busy).toHaveBeenCalledTimes(2);
    expect(sink.told).toEqual(["a opened"]);
  });

  it("is told where nobody could be asked", async () => {
    lay("a", "opened");
    const sink = new ListedSink();
    dispatch(sink, () => Promise.reject(new Error("the source is down")));
    await dispatcher!.drain(5_000);
    expect(sink.notes).toEqual(["the source is down"]);
  });
});

describe("waits", () => {
  it("double up to a limit, less a random part of a half at most", () => {
    const random = seededRandom(7);
    for (const [failures, full] of [
      [1, 20],
      [2, 40],
      [3, 80],
      [4, 100],
      [5_000, 100],
    ] as const) {
      const ms = waitAfter(failures, PATIENCE, random);
      expect(ms).toBeLessThanOrEqual(full);
      expect(ms).toBeGreaterThanOrEqual(full / 2);
    }
    expect(waitAfter(1, PATIENCE, random, 5_000)).toBe(5_000);
    expect(waitAfter(1, PATIENCE, random, 1e9), "nobody is left alone for ever").toBe(3_600_000);
  });
});
