import { describe, expect, it } from "vitest";
import type { News, StormNews } from "../../connectors/alerts/notification.ts";
import type { WaitingNotice } from "../../connectors/desk/records.ts";
import type { Confirmation } from "./confirmation.ts";
import { Scrutiny, type ScrutinyOptions } from "./scrutiny.ts";

const PATIENCE = { firstWaitMs: 1, mostWaitMs: 1, giveUpAfterMs: 1, lookAgainMs: 30, holdBackMs: 100 };
const NOTICE: WaitingNotice = {
  id: "n", sink: "ops", alert: "s", check: "c", action: "opened", body: "", queuedAt: 1_000, attempts: 0, note: null,
}; // biome-ignore format: one look is enough

const alert = (id: string) => ({
  id, key: id, class: "missing", currency: "EUR", period: "", atRisk: "1.00", verdictVersion: 1,
}); // biome-ignore format: one look is enough

const STORM: StormNews = {
  about: "storm", action: "opened", job: "j", id: "s", check: "c", since: 0, opened: 30, open: 30, atRisk: {},
  sample: ["a", "b", "c"].map(alert),
}; // biome-ignore format: one look is enough

/** `truth` is what is found of the alerts by their ids. */
function examine(
  truth: Record<string, Confirmation["outcome"]>,
  options: Partial<ScrutinyOptions> = {},
  news: News = STORM,
) {
  const asked: string[] = [];
  const disagreeing: string[] = [];
  const scrutiny = new Scrutiny({
    confirmer: {
      confirm: async ({ id }) => {
        asked.push(id);
        return { outcome: truth[id]!, note: `${truth[id]} ${id}` };
      },
      disagrees: ({ id }) => void disagreeing.push(id),
    },
    patience: PATIENCE,
    clock: { now: () => 1_050 },
    signal: new AbortController().signal,
    dropIfOver: () => false,
    openOfStorm: () => 30,
    isTold: () => false,
    ...options,
  });
  return { asked, disagreeing, find: (notice = NOTICE) => scrutiny.examine(notice, news) };
}

describe("a storm whose source of truth can be asked", () => {
  it("is told when one of its sample is confirmed", async () => {
    const { find } = examine({ a: "refuted", b: "confirmed", c: "unknown" });
    expect(await find()).toEqual({ is: "told", confirmation: "confirmed b" });
  });

  it("is held back while all of its sample are refuted, and told at last, with the disagreement", async () => {
    const truth = { a: "refuted", b: "refuted", c: "refuted" } as const;
    expect(await examine(truth).find()).toEqual({ is: "waiting", note: "refuted a", nextAt: 1_080 });
    const late = examine(truth, { clock: { now: () => 1_100 } });
    expect(await late.find()).toEqual({ is: "told", confirmation: "refuted a" });
    expect(late.disagreeing).toEqual(["a"]);
  });

  it("is dropped when nothing of it is open any more", async () => {
    const { find } = examine({ a: "unknown", b: "refuted", c: "refuted" }, { openOfStorm: () => 0 });
    expect(await find()).toEqual({ is: "to-drop", note: "unknown a" });
  });

  it("is not asked about any more once it was told", async () => {
    const { asked, find } = examine({ a: "refuted", b: "refuted", c: "refuted" }, { isTold: () => true });
    expect(await find({ ...NOTICE, action: "updated" })).toEqual({ is: "told", confirmation: null });
    expect(asked).toEqual([]);
  });
});

describe("an alert", () => {
  const news = { about: "money", action: "opened", job: "j", epoch: 1, time: 0, dueAt: null, lateByMs: null, note: null, check: "c", ...alert("a") } as const; // biome-ignore format: one look is enough

  it("is not held back any more once it was sent, and says still what was found", async () => {
    const { find } = examine({ a: "unknown" }, {}, news);
    expect(await find({ ...NOTICE, attempts: 1 })).toEqual({ is: "told", confirmation: "unknown a" });
  });

  it("is dropped when it was resolved while it was asked about", async () => {
    const { find } = examine({ a: "confirmed" }, { dropIfOver: () => true }, news);
    expect(await find()).toEqual({ is: "dropped" });
  });
});
