import { idOf } from "../../base/hash.ts";
import type { StormNews } from "../../connectors/alerts/notification.ts";
import type { Desk } from "../../connectors/desk/desk.ts";
import type { Notice, Storm } from "../../connectors/desk/records.ts";
import { Amounts } from "../amounts.ts";
import type { StormConfig } from "./notify-config.ts";

/** Alerts of a storm that are shown with what tells of it. */
export const SAMPLE = 5;

/**
 * Lays down what tells of storms: when one begins, what it has grown to each time that its `withinMs` has passed, and when no
 * alert of it came for so long. `isLast`: nothing more will come for now, so that what it has grown to is told at once.
 */
export function tellStorms(
  desk: Desk,
  job: string,
  limits: ReadonlyMap<string, StormConfig>,
  at: number,
  isLast: boolean,
): void {
  for (const storm of desk.storms.going()) {
    const { withinMs } = limits.get(storm.sink) ?? { withinMs: 0 };
    const action = actionOf(storm, withinMs, at, isLast);
    if (action === null) continue;
    // Counted only where it is time to tell: it is looked several times a second, and a storm may be large.
    const opened = desk.storms.opened(storm.id);
    if (action === "updated" && opened === storm.told) continue;
    const notice = noticeOfStorm(desk, job, storm, action, opened);
    desk.storms.tell(storm.id, notice, opened, action === "over", at);
  }
}

/** What it is time to tell, if it has grown; null for nothing. */
export function actionOf(
  { told, toldAt, lastAt }: Pick<Storm, "told" | "toldAt" | "lastAt">,
  withinMs: number,
  at: number,
  isLast: boolean,
): StormNews["action"] | null {
  if (told === null) return "opened";
  if (lastAt + withinMs <= at) return "over";
  return isLast || toldAt! + withinMs <= at ? "updated" : null;
}

function noticeOfStorm(desk: Desk, job: string, storm: Storm, action: StormNews["action"], opened: number): Notice {
  const { id } = storm;
  const sample = desk.storms.sample(id, SAMPLE);
  return stormNotice(job, storm, action, {
    opened,
    open: desk.storms.open(id),
    atRisk: desk.storms.atRisk(id),
    sample,
  });
}

/** What is counted of a storm's alerts; `atRisk` by each that is open. */
export interface StormCounts extends Pick<StormNews, "opened" | "open" | "sample"> {
  readonly atRisk: Iterable<{ readonly currency: string; readonly atRisk: string }>;
}

/** A notice that tells of a storm; its id is the same whenever the same is laid down again. */
export function stormNotice(
  job: string,
  { id, sink, check, beganAt: since }: Pick<Storm, "id" | "sink" | "check" | "beganAt">,
  action: StormNews["action"],
  { opened, open, atRisk: each, sample }: StormCounts,
): Notice {
  const atRisk = new Amounts();
  for (const one of each) atRisk.add(one.currency, one.atRisk);
  const counts = { opened, open, atRisk: atRisk.toRecord(), sample };
  const news: StormNews = { about: "storm", action, job, id, check, since, ...counts };
  return {
    id: idOf(id, action, opened, sink),
    sink,
    alert: id,
    check,
    action,
    verdictVersion: null,
    storm: null,
    body: JSON.stringify(news),
  };
}
