import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jointJob } from "../../checks/joint-job.ts";
import { loadJob } from "../../cli/load-job.ts";
import { shippedJob, shippedJobs } from "../../cli/shipped-jobs.ts";
import type { History } from "./history.ts";

/** What is wrong according to somebody, as `check/class key currency`. */
export interface Opinion {
  /** What failed at some point, the baseline apart. */
  readonly ever: readonly string[];
  /** What fails at the end. */
  readonly atEnd: readonly string[];
}

/** Checks that have an oracle: a file of SQL each, that leaves a table `judged (key, p, baseline, currency, class)`. */
export const judgedBySql = ["payment-settlement"] as const;

/**
 * What the checks must find in a history, by SQL over the versions of its rows: the checks' own points of event time, and at
 * each of them what the rows say then. It knows nothing of the engine, nor of the jobs.
 */
export function opinionOfSql(history: History, checks: readonly string[] = judgedBySql): Opinion {
  const opinions = checks.map((check) => judge(history, check));
  return { ever: opinions.flatMap(({ ever }) => ever).sort(), atEnd: opinions.flatMap(({ atEnd }) => atEnd).sort() };
}

function judge(history: History, check: string): Opinion {
  history.run(readFileSync(join(import.meta.dirname, `${check}.sql`), "utf8"));
  const named = `'${check}/' || class || ' ' || key || ' ' || currency AS name`;
  const names = (select: string) => history.query(select).map(({ name }) => String(name));
  const ever = names(`SELECT DISTINCT ${named} FROM judged WHERE class IS NOT NULL AND NOT baseline`);
  const last = "(SELECT key, max(p) AS p FROM judged GROUP BY key)";
  const atEnd = names(`SELECT DISTINCT ${named} FROM judged JOIN ${last} USING (key, p) WHERE class IS NOT NULL`);
  history.run("DROP TABLE judged; DROP TABLE contribution");
  return { ever, atEnd };
}

/** What the stream says is wrong, of the same checks. */
export function opinionOfStream(
  verdicts: readonly Said[],
  finals: readonly Said[],
  checks: readonly string[] = judgedBySql,
): Opinion {
  const failing = (all: readonly Said[]) =>
    all.filter(({ check, status }) => status === "fail" && checks.includes(check));
  const names = (all: readonly Said[]) => [...new Set(failing(all).map(nameOf))].sort();
  return { ever: names(verdicts.filter(({ baseline }) => !baseline)), atEnd: names(finals) };
}

interface Said {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
  readonly status: string;
  readonly class: string | null;
  readonly baseline: boolean;
}

function nameOf({ check, class: cause, key, currency }: Said): string {
  return `${check}/${cause} ${key} ${currency}`;
}

/** All jobs that ship, as one. */
export async function allJobs() {
  return jointJob(await Promise.all(shippedJobs.map((name) => loadJob(shippedJob(name)))));
}
