import { milliseconds } from "../../../../base/time.ts";
import type { Environment } from "../../../../dataflow/environment.ts";
import { instant, text } from "../../../../dataflow/model.ts";
import {
  calendarDays,
  globalWindow,
  session,
  sliding,
  tumbling,
  type WindowAssigner,
} from "../../../../dataflow/windows/assigners.ts";
import {
  early,
  every,
  onCount,
  onEventTime,
  onProcessingTime,
  purging,
  type Trigger,
} from "../../../../dataflow/windows/triggers.ts";
import type * as specs from "../operators.ts";
import { FIELDS, MODELS } from "./models.ts";
import { late, tell } from "./tell.ts";

/** Windows over a keyed stream. */
export function windowJob(env: Environment, spec: specs.WindowSpec): void {
  const { assigner, domain = "event", trigger, allowedLateness = 0, result, lateOutput } = spec;
  const rows = env.changes(MODELS.in).asEvents().keyBy("key");
  const plain = rows.window(assignerOf(assigner, domain)).allowedLateness(milliseconds(allowedLateness));
  const windows = trigger === undefined ? plain : plain.trigger(triggerOf(trigger));
  if (result === "rows") {
    const results = windows.process("windows", {
      emits: { key: text(), start: instant(), end: instant(), rows: text() },
      onWindow: (rows, { window, emit }) =>
        emit({ key: rows[0]!.key, ...window, rows: rows.map(({ value }) => value).join(",") }),
    });
    tell(results, ({ key, start, end, rows }) => ({ key, values: { ...bounds(start, end), rows } }));
    if (lateOutput) tell(results.late(), late, "late");
    return;
  }
  const results = windows.aggregate("windows", (rows) => ({
    key: rows.key("key"),
    start: rows.windowStart(),
    end: rows.windowEnd(),
    result: result === "sum" ? rows.sum("number") : rows.count(),
  }));
  tell(results, ({ key, start, end, result: value }) => ({ key, values: { ...bounds(start, end), [result]: value } }));
  if (lateOutput) tell(results.late(), late, "late");
}

/** Two streams as one, whose rows are counted in windows. */
export function unionJob(env: Environment, { size }: specs.UnionSpec): void {
  const left = env.changes(MODELS.left).asEvents();
  const right = env.changes(MODELS.right).asEvents();
  const windows = left
    .union(right)
    .keyBy("key")
    .window(tumbling(milliseconds(size)));
  const results = windows.aggregate("windows", (rows) => ({
    key: rows.key("key"),
    start: rows.windowStart(),
    end: rows.windowEnd(),
    count: rows.count(),
  }));
  tell(results, ({ key, start, end, count }) => ({ key, values: { ...bounds(start, end), count } }));
}

/** All rows of both sides in one window: those of a union that say which side they are of. */
export function coGroupJob(env: Environment, { assigner }: specs.CoGroupSpec): void {
  const fields = { ...FIELDS, side: text() };
  const of = (side: "left" | "right") =>
    env
      .changes(MODELS[side])
      .asEvents()
      .map(fields, (row) => ({ ...row, side }));
  const results = of("left")
    .union(of("right"))
    .keyBy("key")
    .window(assignerOf(assigner, "event"))
    .process("groups", {
      emits: { key: text(), left: text(), right: text() },
      onWindow(rows, { emit }) {
        const values = (of: string) =>
          rows
            .filter(({ side }) => side === of)
            .map(({ value }) => value)
            .join(",");
        emit({ key: rows[0]!.key, left: values("left"), right: values("right") });
      },
    });
  tell(results, ({ key, left, right }) => ({ key, values: { left, right } }));
}

/** The builder's assigner. */
export function assignerOf(spec: specs.WindowAssigner, time: specs.TimeDomain): WindowAssigner<"gap"> {
  switch (spec.type) {
    case "tumbling":
      return tumbling(milliseconds(spec.size), { offset: milliseconds(spec.offset ?? 0), time });
    case "sliding":
      return sliding(milliseconds(spec.size), milliseconds(spec.slide), {
        offset: milliseconds(spec.offset ?? 0),
        time,
      });
    case "days":
      return calendarDays(spec.zone, { time });
    case "session":
      return session(milliseconds(spec.gap), { time });
    case "dynamic-session":
      return session({ gapFrom: "gap" }, { time });
    case "global":
      return globalWindow();
  }
}

function triggerOf(spec: specs.Trigger): Trigger {
  switch (spec.type) {
    case "event-time":
      return spec.purging ? purging(onEventTime()) : onEventTime();
    case "processing-time":
      return onProcessingTime();
    case "count":
      return spec.purging ? purging(onCount(spec.count)) : onCount(spec.count);
    case "continuous-event-time":
      return every(milliseconds(spec.interval));
    case "early-count":
      return early({ count: spec.count });
    case "end-of-input":
      // That of a global window, which ends then.
      return onEventTime();
  }
}

/** The global window has none. */
function bounds(start: number | null, end: number | null) {
  const finite = (time: number | null) => (Number.isFinite(time) ? time : null);
  return { start: finite(start), end: finite(end) };
}
