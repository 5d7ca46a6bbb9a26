import { idOf } from "../../base/hash.ts";
import { parseDecimal, rescale } from "../../base/money.ts";
import type { EngineAlertRecord } from "../../checks/records.ts";
import type { AlertNews, EngineNews, News } from "../../connectors/alerts/notification.ts";
import type { MoneyAlert, Notice } from "../../connectors/desk/records.ts";
import type { EmittedAlert } from "../../schemas/contracts.ts";
import type { RouteConfig, SinkConfig } from "./notify-config.ts";

/** What a job lays down for its sinks of what a checkpoint brought out. */
export function noticesOf(
  sinks: readonly SinkConfig[],
  job: string,
  epoch: number,
  { alerts, engineAlerts }: { alerts: readonly EmittedAlert[]; engineAlerts: readonly EngineAlertRecord[] },
): Notice[] {
  if (sinks.length === 0) return [];
  const all = [
    ...alerts.map((alert) => newsOfAlert(alert, job, epoch)),
    ...engineAlerts.map((alert): EngineNews => ({ about: "engine", action: "opened", job, ...alert })),
  ];
  return all.flatMap((news) => sinks.filter((sink) => isFor(sink, news)).map((sink) => noticeOf(sink, news, epoch)));
}

/** A notice of news about one alert; its id is the same whenever the same is laid down again. */
export function noticeOf(
  { name: sink, storm }: Pick<SinkConfig, "name" | "storm">,
  news: AlertNews | EngineNews,
  epoch: number,
): Notice {
  const version = news.about === "money" ? news.verdictVersion : null;
  return {
    id: idOf(news.id, news.action, version ?? "", epoch, sink),
    storm: version === null ? null : storm,
    sink,
    alert: news.id,
    check: news.about === "money" ? news.check : null,
    action: news.action,
    verdictVersion: version,
    body: JSON.stringify(news),
  };
}

/** Whether a sink is to be told. */
function isFor(route: RouteConfig, news: Exclude<News, { readonly about: "storm" }>): boolean {
  const { about, checks, classes, actions, minAtRisk } = route;
  if (news.about !== about) return false;
  if (news.about === "engine") return true;
  if (checks !== undefined && !checks.includes(news.check)) return false;
  if (classes !== undefined && !classes.includes(news.class)) return false;
  if (actions !== undefined && !actions.includes(news.action)) return false;
  const least = minAtRisk?.[news.currency];
  // What is resolved has nothing at risk any more, and who was told that it opened is told that too.
  return least === undefined || news.action === "resolved" || isAtLeast(news.atRisk, least);
}

/**
 * What a job lays down for its sinks at a wall time of an alert as it is: `returned`, its snooze is over; `reopened`, they
 * were told that it was resolved, and it is not.
 */
export function noticesOfState(
  sinks: readonly SinkConfig[],
  job: string,
  alert: MoneyAlert,
  action: "returned" | "reopened",
  at: number,
): Notice[] {
  const {
    id,
    check,
    key,
    class: cause,
    currency,
    period,
    atRisk,
    verdictVersion,
    changedAt,
    dueAt,
    lateByMs,
    note,
  } = alert;
  const what = { id, check, key, class: cause, currency, period, atRisk, verdictVersion, dueAt, lateByMs, note };
  const news: AlertNews = { about: "money", action, job, epoch: 0, time: changedAt, ...what };
  // Each is told by itself, whatever version of the verdict it is of.
  return sinks.filter((sink) => isFor(sink, news)).map((sink) => noticeOf(sink, news, at));
}

function newsOfAlert(alert: EmittedAlert, job: string, epoch: number): AlertNews {
  const { repeats: _, fields: __, ...rest } = alert;
  return { about: "money", job, epoch, ...rest };
}

function isAtLeast(amount: string, least: string): boolean {
  const [one, other] = [parseDecimal(amount)!, parseDecimal(least)!];
  const scale = Math.max(one.scale, other.scale);
  return rescale(one.unscaled, one.scale, scale)! >= rescale(other.unscaled, other.scale, scale)!;
}
