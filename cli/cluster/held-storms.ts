import { idOf } from "../../base/hash.ts";
import type { AlertNews } from "../../connectors/alerts/notification.ts";
import type { Notice } from "../../connectors/desk/records.ts";
import { actionOf, SAMPLE, stormNotice } from "../notify/storms.ts";

/** Alerts that are followed of one storm; what more open in it are only counted. */
const MOST_FOLLOWED = 10_000;

/** What tells that an alert is there. */
const OPENING: ReadonlySet<string> = new Set(["opened", "reopened", "warned", "returned"]);

/** What a sink is told of a check's alerts. */
interface Course {
  readonly sink: string;
  readonly check: string;
  /** When alerts opened that were told one by one, and under which ids; those of so long ago as storms look back. */
  recent: { readonly at: number; readonly id: string }[];
  storm: HeldStorm | undefined;
  /** Alerts of storms that are over, which are open: who was not told that they opened is not told what becomes of them. */
  readonly untold: Set<string>;
}

interface HeldStorm {
  readonly id: string;
  readonly sink: string;
  readonly check: string;
  readonly withinMs: number;
  readonly beganAt: number;
  lastAt: number;
  told: number | null;
  toldAt: number | null;
  opened: number;
  /** By id, as they were last; null for those that are resolved. */
  readonly alerts: Map<string, AlertNews | null>;
}

/**
 * Storms, as one task sees them: more alerts of a check for one sink within some time than anybody can read. They are told
 * as one. Other subtasks tell of theirs.
 */
export class HeldStorms {
  readonly #job: string;
  readonly #courses = new Map<string, Course>();

  constructor(job: string) {
    this.#job = job;
  }

  /** Some storm is not over. */
  get isGoing(): boolean {
    return [...this.#courses.values()].some(({ storm }) => storm !== undefined);
  }

  /**
   * True for a notice that a storm tells of instead. `takeBack` takes one that was not tried out of what waits to be told,
   * with all behind it that are of the same alert: those of the alerts that made it a storm are held too.
   */
  holds(notice: Notice, at: number, takeBack: (id: string) => readonly Notice[]): boolean {
    const { sink, alert, check, action, storm: limits } = notice;
    if (limits === null || check === null) return false;
    const course = this.#courseOf(sink, check);
    if (!OPENING.has(action)) return holdsLater(course, notice);
    if (course.storm === undefined) {
      course.recent = course.recent.filter((one) => one.at > at - limits.withinMs);
      if (course.recent.length < limits.moreThan) {
        course.recent.push({ at, id: notice.id });
        course.untold.delete(alert);
        return false;
      }
      course.storm = begun(course, limits.withinMs, at);
      for (const { id } of course.recent.splice(0)) {
        for (const early of takeBack(id)) hold(course, course.storm, early, at);
      }
    }
    hold(course, course.storm, notice, at);
    return true;
  }

  /** What it is time to tell of storms. */
  tell(at: number): Notice[] {
    const notices: Notice[] = [];
    for (const course of this.#courses.values()) {
      const { storm } = course;
      const action = storm === undefined ? null : actionOf(storm, storm.withinMs, at, false);
      if (storm === undefined || action === null || (action === "updated" && storm.opened === storm.told)) continue;
      notices.push(noticeOf(this.#job, storm, action));
      storm.told = storm.opened;
      storm.toldAt = at;
      if (action !== "over") continue;
      course.storm = undefined;
      for (const [alert, news] of storm.alerts) if (news !== null) course.untold.add(alert);
      while (course.untold.size > MOST_FOLLOWED) course.untold.delete(course.untold.values().next().value!);
    }
    return notices;
  }

  /** Plain JSON. */
  save(): unknown {
    return [...this.#courses.values()].map(({ storm, untold, ...rest }) => ({
      ...rest,
      untold: [...untold],
      storm: storm && { ...storm, alerts: [...storm.alerts] },
    }));
  }

  /** Takes in what several saved; of two storms of one course, that of this task goes on. */
  restore(saved: unknown): void {
    for (const { storm, untold, recent, sink, check } of saved as SavedCourse[]) {
      const course = this.#courseOf(sink, check);
      for (const alert of untold) course.untold.add(alert);
      course.recent.push(...recent);
      if (storm === undefined) continue;
      if (course.storm === undefined) course.storm = { ...storm, alerts: new Map(storm.alerts) };
      else for (const [alert] of storm.alerts) course.untold.add(alert);
    }
  }

  #courseOf(sink: string, check: string): Course {
    const name = `${sink}/${check}`;
    let course = this.#courses.get(name);
    if (course === undefined) {
      course = { sink, check, recent: [], storm: undefined, untold: new Set() };
      this.#courses.set(name, course);
    }
    return course;
  }
}

interface SavedCourse extends Pick<Course, "sink" | "check" | "recent"> {
  readonly untold: readonly string[];
  readonly storm?: Omit<HeldStorm, "alerts"> & { readonly alerts: readonly (readonly [string, AlertNews | null])[] };
}

function begun({ sink, check }: Course, withinMs: number, at: number): HeldStorm {
  const id = idOf("storm", sink, check, at);
  return { id, sink, check, withinMs, beganAt: at, lastAt: at, told: null, toldAt: null, opened: 0, alerts: new Map() };
}

function hold(course: Course, storm: HeldStorm, notice: Notice, at: number): void {
  const { alert, action, body } = notice;
  if (!OPENING.has(action)) return void holdsLater(course, notice);
  storm.lastAt = at;
  const isKnown = storm.alerts.has(alert);
  if (!isKnown) storm.opened++;
  if (isKnown || storm.alerts.size < MOST_FOLLOWED) storm.alerts.set(alert, JSON.parse(body));
}

/** What becomes of an alert that was not told by itself is not told either. */
function holdsLater({ storm, untold }: Course, { alert, action, body }: Notice): boolean {
  const isOver = action === "resolved";
  if (storm?.alerts.has(alert) === true) {
    storm.alerts.set(alert, isOver ? null : JSON.parse(body));
    return true;
  }
  if (!untold.has(alert)) return false;
  if (isOver) untold.delete(alert);
  return true;
}

function noticeOf(job: string, storm: HeldStorm, action: "opened" | "updated" | "over"): Notice {
  const { alerts, opened } = storm;
  const going = [...alerts.values()].filter((news) => news !== null);
  const sample = going
    .toSorted((left, right) => Number(right.atRisk) - Number(left.atRisk) || (left.id < right.id ? -1 : 1))
    .slice(0, SAMPLE)
    .map(({ id, key, class: cause, currency, period, atRisk, verdictVersion }) => ({
      ...{ id, key, class: cause, currency, period, atRisk, verdictVersion },
    }));
  const open = opened - (alerts.size - going.length);
  return stormNotice(job, storm, action, { opened, open, atRisk: going, sample });
}
