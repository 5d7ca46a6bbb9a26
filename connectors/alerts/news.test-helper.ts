import type { AlertNews, Notification, StormNews } from "./notification.ts";

/** Noon of a day, for tests of sinks. */
export const NOON = Date.UTC(2026, 10, 23, 12);

/** News of an alert that opened, for tests of sinks. */
export function newsOf(changes: Partial<AlertNews> = {}): AlertNews {
  return {
    ...{ about: "money", action: "opened", job: "settlement", id: "a1", check: "payment-settlement", key: "42" },
    ...{ class: "missing", currency: "EUR", period: "", atRisk: "118.25", verdictVersion: 1, epoch: 1, time: NOON },
    ...{ dueAt: NOON - 60_000, lateByMs: null, note: null },
    ...changes,
  };
}

/** A storm, for tests of sinks. */
export function stormOf(changes: Partial<StormNews> = {}): StormNews {
  const alert = {
    id: "a1",
    key: "42",
    class: "missing",
    currency: "EUR",
    atRisk: "118.25",
    period: "",
    verdictVersion: 1,
  };
  return {
    ...{ about: "storm", action: "opened", job: "settlement", id: "s1", check: "payment-settlement", since: NOON },
    ...{ opened: 30, open: 28, atRisk: { EUR: "302.00", USD: "166.00" } },
    sample: Array.from({ length: 5 }, (_, i) => ({ ...alert, id: `a${i}`, key: String(40 + i) })),
    ...changes,
  };
}

/** A notification of news, for tests of sinks. */
export function notificationOf(news: Notification["news"], confirmation: string | null = null): Notification {
  return { idempotencyKey: "k1", news, confirmation };
}
