import { displayKey } from "../../base/key.ts";
import { formatDuration, formatTime } from "../../base/time.ts";
import type { AlertNews, News, StormNews } from "./notification.ts";

/** One line that says what happened, for people: a subject, a headline. It may hold any character of the data. */
export function headlineOf(news: News): string {
  if (news.about === "engine") return `${news.job}: ${news.code} at ${news.source}`;
  if (news.about === "storm")
    return `${news.check}: ${news.opened} alerts at once${news.action === "over" ? ", over" : ""}`;
  const { check, key, class: cause, action } = news;
  return `${check}: ${cause} ${action}, ${displayKey(key)}${amountOf(news)}`;
}

/** The facts beside the headline, as pairs for people. */
export function factsOf(news: News): readonly (readonly [name: string, value: string])[] {
  if (news.about === "engine") return [["trouble", news.message]];
  if (news.about === "storm") return stormFacts(news);
  const { dueAt, lateByMs } = news;
  return [
    ["at risk", `${news.atRisk} ${news.currency}`],
    ["key", displayKey(news.key)],
    ...(news.note === null ? [] : [["what", news.note] as const]),
    ...(news.period === "" ? [] : [["period", news.period] as const]),
    ["at", formatTime(news.time)],
    ...(dueAt === null ? [] : [["due", formatTime(dueAt)] as const]),
    ...(lateByMs === null ? [] : [["late by", formatDuration(lateByMs)] as const]),
    ["job", news.job],
    ["alert", news.id],
  ];
}

/** `XXX` is the currency of what is not about an amount. */
function amountOf({ atRisk, currency, action }: AlertNews): string {
  return action === "resolved" || currency === "XXX" ? "" : `, ${atRisk} ${currency} at risk`;
}

function stormFacts(news: StormNews): readonly (readonly [string, string])[] {
  const amounts = Object.entries(news.atRisk).map(([currency, amount]) => `${amount} ${currency}`);
  return [
    ["since", formatTime(news.since)],
    ["open", `${news.open} of ${news.opened}`],
    ["at risk", amounts.join(", ") || "nothing"],
    ...news.sample.map(
      (alert) => [displayKey(alert.key), `${alert.class}, ${alert.atRisk} ${alert.currency}`] as const,
    ),
    ["job", news.job],
  ];
}
