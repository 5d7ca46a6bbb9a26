import { readFileSync } from "node:fs";
import { join } from "node:path";
import { displayKey } from "../../base/key.ts";
import type { Job } from "../../checks/job.ts";
import { modelsOf } from "../../dataflow/graph.ts";
import type { FieldKind, Model } from "../../dataflow/model.ts";
import { type TestDriver, testJob } from "../../testing/index.ts";

/**
 * A line of `input.jsonl`: a row as it is from a time on, or with `"values": null` its end; that a transaction was committed,
 * with its writes by table; or how far all was read.
 */
export type GoldenLine =
  | {
      readonly at: string;
      readonly table: string;
      readonly row: string | number;
      readonly values: Readonly<Record<string, unknown>> | null;
      readonly transaction?: string;
    }
  | {
      readonly at: string;
      readonly source: string;
      readonly commit: string;
      readonly counts: Readonly<Record<string, number>>;
    }
  | { readonly end: string };

/**
 * Runs a job over `input.jsonl` of a folder: rows with the fields of its models, points in time as ISO text. Gives what it
 * said, a line each, in order of event time: verdicts, then the steps of alerts that follow from them.
 */
export function runGolden(job: Job, folder: string): string {
  const driver = testJob(job);
  const models = [...new Set(modelsOf(job.graph()).map((model) => model.writes?.of ?? model))];
  for (const text of readFileSync(join(folder, "input.jsonl"), "utf8").split("\n")) {
    if (text.trim() === "") continue;
    const line = JSON.parse(text) as GoldenLine;
    if ("end" in line) driver.end(Date.parse(line.end));
    else if ("commit" in line) driver.commit(line.source, line.commit, Date.parse(line.at), line.counts);
    else apply(driver, models, line);
  }
  const verdicts = driver.verdicts().map((verdict) => {
    const { check, key, time, version, status, class: cause, atRisk, currency, period, note } = verdict;
    const what = cause === null ? `${status} ${currency}` : `${status} ${cause} ${atRisk} ${currency}`;
    const window = period === "" ? "" : ` in the window of ${period}`;
    return {
      time,
      of: `${check} ${key}`,
      text: `${check} ${displayKey(key)} v${version}: ${what}${window}${note === null ? "" : ` (${note})`}`,
    };
  });
  const alerts = driver.alerts().map(({ check, key, time, action, class: cause, lateByMs }) => {
    const late = lateByMs === null ? "" : `, ${lateByMs / 60_000} minutes late`;
    return { time, of: `${check} ${key}`, text: `${check} ${displayKey(key)}   alert ${action}: ${cause}${late}` };
  });
  const lines = [...verdicts, ...alerts].sort((a, b) => a.time - b.time || (a.of < b.of ? -1 : a.of > b.of ? 1 : 0));
  return lines.map(({ time, text }) => `${new Date(time).toISOString()} ${text}\n`).join("");
}

function apply(
  driver: TestDriver,
  models: readonly Model[],
  { at, table, row, values, transaction }: Extract<GoldenLine, { readonly row: unknown }>,
): void {
  const reading = models.filter((model) => model.from.some((from) => from.table === table));
  if (reading.length === 0) throw new Error(`no model of the job reads ${table}`);
  for (const model of reading) {
    const place = { at: Date.parse(at), table: model.from.findIndex((from) => from.table === table) };
    const change = transaction === undefined ? place : { ...place, transaction };
    if (values === null) {
      driver.delete(model, row, change);
      continue;
    }
    const own = Object.entries(model.fields).flatMap(([name, { kind }]) => {
      const value = values[name];
      if (value === undefined) return [];
      return [[name, fieldValueOf(kind, value)] as const];
    });
    driver.upsert(model, row, change, Object.fromEntries(own));
  }
}

/** JSON has neither points in time nor 64-bit integers. */
function fieldValueOf(kind: FieldKind, value: unknown): unknown {
  if (kind === "instant" && typeof value === "string") return Date.parse(value);
  return kind === "integer" && typeof value === "number" ? BigInt(value) : value;
}
