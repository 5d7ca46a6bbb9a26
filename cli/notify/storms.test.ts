import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Desk } from "../../connectors/desk/desk.ts";
import type { AlertAction, AlertRecord } from "../../schemas/contracts.ts";
import { noticesOf } from "./notices.ts";
import type { SinkConfig } from "./notify-config.ts";
import { tellStorms } from "./storms.ts";

const MINUTE = 60_000;
const NOON = Date.UTC(2026, 10, 23, 12);
const OPS: SinkConfig = {
  name: "ops", about: "money", to: { kind: "webhook", url: "", secret: "", allowHttp: false }, timeoutMs: 1, giveUpAfterMs: 1,
  storm: { moreThan: 20, withinMs: 5 * MINUTE },
}; // biome-ignore format: one look is enough

let folder: string;
let desk: Desk;
let checkpoint = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "countercheck-storm-"));
  desk = new Desk(join(folder, "desk.db"), { create: true });
});
afterEach(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A checkpoint brings out the same step of alerts `from` to `to` of a check. */
function bring(action: AlertAction, from: number, to: number, at: number, check = "settlement"): void {
  const alerts = Array.from({ length: to - from + 1 }, (_, i): AlertRecord => {
    const key = String(from + i);
    const currency = (from + i) % 3 === 0 ? "USD" : "EUR";
    const what = { check, key, class: "missing", currency, period: "", atRisk: `${from + i}.10`, note: null };
    const verdictVersion = action === "opened" ? 1 : 2;
    return { id: `${check}-${key}`, action, ...what, verdictVersion, time: 0, dueAt: null, lateByMs: null, repeats: 0 };
  });
  const outbox = {
    verdicts: [],
    alerts,
    engineAlerts: [],
    counts: [],
    faults: [],
    suspensions: [],
    mended: [],
    schemaChanges: [],
  };
  const notices = noticesOf([OPS], "job", 1, outbox);
  desk.deliver({ job: "job", epoch: 1, attempt: 1, checkpoint: ++checkpoint }, { ...outbox, notices }, at);
}

const tell = (at: number, isLast = false) => tellStorms(desk, "job", new Map([["ops", OPS.storm]]), at, isLast);

/** What the sink is told now; it takes all of it. */
function told(at: number): string[] {
  const notices = desk.notifications.due("ops", at, 1_000);
  desk.notifications.settle(
    notices.map(({ id }) => ({ id, state: "sent", note: null, nextAt: at, at, isAttempt: true })),
  );
  return notices.map(({ body }) => {
    const news = JSON.parse(body);
    if (news.about !== "storm") return `${news.id} ${news.action}`;
    const { action, check, opened, open, atRisk, sample } = news;
    const keys = sample.map(({ key }: { key: string }) => key).join();
    return `storm ${action}: ${check}, ${open} of ${opened}, ${JSON.stringify(atRisk)}, ${keys}`;
  });
}

describe("a storm of alerts of one check", () => {
  it("is told as one, with count, sums by currency and a sample; the single ones are on the desk", () => {
    bring("opened", 1, 30, NOON);
    tell(NOON);
    expect(told(NOON)).toEqual(['storm opened: settlement, 30 of 30, {"EUR":"302.00","USD":"166.00"}, 30,29,28,27,26']);
    expect(desk.alertCounts()).toEqual({ open: 30 });
    expect(desk.notifications.counts()).toEqual({ held: 30, sent: 1 });
  });

  it("begins with the one that is too many; those before it were told, and are told on", () => {
    bring("opened", 1, 20, NOON);
    expect(told(NOON)).toHaveLength(20);
    bring("opened", 21, 22, NOON + MINUTE);
    bring("resolved", 20, 21, NOON + MINUTE);
    tell(NOON + MINUTE);
    expect(told(NOON + MINUTE)).toEqual([
      "settlement-20 resolved",
      'storm opened: settlement, 1 of 2, {"EUR":"22.10"}, 22',
    ]);
  });

  it("is told again when it has grown, each time that its time has passed, and when it is over", () => {
    bring("opened", 1, 25, NOON);
    tell(NOON);
    bring("opened", 26, 27, NOON + MINUTE);
    tell(NOON + 2 * MINUTE);
    expect(told(NOON + 2 * MINUTE)).toHaveLength(1);
    bring("opened", 28, 28, NOON + 4 * MINUTE);
    tell(NOON + 5 * MINUTE);
    tell(NOON + 6 * MINUTE);
    expect(told(NOON + 6 * MINUTE)).toEqual([expect.stringContaining("storm updated: settlement, 28 of 28")]);
    bring("resolved", 1, 27, NOON + 7 * MINUTE);
    tell(NOON + 9 * MINUTE);
    tell(NOON + 10 * MINUTE);
    expect(told(NOON + 10 * MINUTE)).toEqual(['storm over: settlement, 1 of 28, {"EUR":"28.10"}, 28']);
    bring("opened", 29, 29, NOON + 20 * MINUTE);
    expect(told(NOON + 20 * MINUTE)).toEqual(["settlement-29 opened"]);
  });

  it("is counted only where it is time to tell, since it is looked several times a second", () => {
    bring("opened", 1, 25, NOON);
    tell(NOON);
    bring("opened", 26, 27, NOON + MINUTE);
    const counted = vi.spyOn(desk.storms, "opened");
    for (let i = 0; i < 10; i++) tell(NOON + 2 * MINUTE + i);
    expect(counted).not.toHaveBeenCalled();
    tell(NOON + 5 * MINUTE);
    expect(counted).toHaveBeenCalledTimes(1);
  });

  it("is read without laying hold of all its alerts at once", () => {
    bring("opened", 1, 40, NOON);
    bring("resolved", 40, 40, NOON);
    const { id } = desk.storms.going()[0]!;
    expect(desk.storms.open(id)).toBe(39);
    expect(desk.storms.sample(id, 2).map(({ key }) => key)).toEqual(["39", "38"]);
    expect([...desk.storms.atRisk(id)]).toHaveLength(39);
  });

  it("is told to its end where nothing more comes for now", () => {
    bring("opened", 1, 25, NOON);
    tell(NOON);
    bring("opened", 26, 30, NOON + 1_000);
    tell(NOON + 1_000, true);
    tell(NOON + 1_000, true);
    expect(told(NOON + 1_000)).toHaveLength(1);
    expect(told(NOON + 1_000)).toEqual([expect.stringContaining("storm updated: settlement, 30 of 30")]);
    expect(told(NOON + 1_000)).toEqual([]);
  });

  it("is of that check alone, and not of as many that came slowly", () => {
    bring("opened", 1, 25, NOON);
    bring("opened", 1, 2, NOON, "refunds");
    for (let i = 0; i < 30; i++) bring("opened", i, i, NOON + i * MINUTE, "slow");
    expect(told(NOON + 60 * MINUTE).filter((text) => text.startsWith("settlement"))).toEqual([]);
    expect(desk.notifications.counts()).toEqual({ held: 25, sent: 32 });
  });
});
