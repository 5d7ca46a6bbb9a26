import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jointJob } from "../../checks/joint-job.ts";
import { loadJob } from "../../cli/load-job.ts";
import { shippedJob, shippedJobs } from "../../cli/shipped-jobs.ts";
import type { History } from "./history.ts";

/** What is wrong according to somebody, as `check/class key currency`. */
export interface Opinion {
  /** What failed at some point. */
  readonly ever: readonly string[];
  /** What failed when the seed had been read, by it alone. */
  readonly baseline: readonly string[];
  /** What fails at the end. */
  readonly atEnd: readonly string[];
}

/** How each check is judged: files of SQL, the last of which leaves a table `judged (key, p, baseline, currency, class)`. */
const rules: Readonly<Record<string, readonly string[]>> = {
  "payment-settlement": ["payment-settlement", "points", "reconcile"],
  "batch-payout": ["batch-payout", "points", "reconcile"],
  "account-migration": ["account-migration"],
  "refunds-within-captured": ["refunds-within-captured", "points", "bound"],
  "duplicate-payments": ["duplicate-payments", "points", "bound"],
  "refunds-booked": ["refunds-booked", "points", "reconcile"],
  "duplicate-refunds": ["duplicate-refunds", "points", "once"],
  "suspected-duplicate-refunds": ["suspected-duplicate-refunds", "points", "alike"],
  "credit-limit-changes": ["credit-limit-changes", "transactions", "authorised"],
  "credit-limit-changes.rows": ["credit-limit-changes", "transactions", "intact"],
  "ledger-changes": ["ledger-changes", "transactions", "authorised"],
  "ledger-changes.rows": ["ledger-changes", "transactions", "intact"],
};

/** Checks that have an oracle. */
export const judgedBySql: readonly string[] = Object.keys(rules);

/**
 * What the checks must find in a history, by SQL over the versions of its rows: the checks' own points of event time, and at
 * each of them what the rows say then. It knows nothing of the engine, nor of the jobs.
 */
export function opinionOfSql(history: History, checks: readonly string[] = judgedBySql): Opinion {
  const opinions = checks.map((check) => judge(history, check));
  const all = (part: keyof Opinion) => opinions.flatMap((opinion) => opinion[part]).sort();
  return { ever: all("ever"), baseline: all("baseline"), atEnd: all("atEnd") };
}

function judge(history: History, check: string): Opinion {
  const before = tablesOf(history);
  for (const file of rules[check]!) history.run(readFileSync(join(import.meta.dirname, `${file}.sql`), "utf8"));
  // Texts begin with a quote in the checks' keys, so that no number is mistaken for one.
  const key = `CASE typeof(key) WHEN 'text' THEN '''' ELSE '' END || key`;
  const named = `'${check}/' || class || ' ' || ${key} || ' ' || currency AS name`;
  const names = (select: string) => history.query(select).map(({ name }) => String(name));
  const failing = `SELECT DISTINCT ${named} FROM judged`;
  const opinion = {
    ever: names(`${failing} WHERE class IS NOT NULL`),
    baseline: names(`${failing} WHERE class IS NOT NULL AND baseline`),
    atEnd: names(
      `${failing} JOIN (SELECT key, max(p) AS p FROM judging GROUP BY key) USING (key, p) WHERE class IS NOT NULL`,
    ),
  };
  for (const table of tablesOf(history)) if (!before.includes(table)) history.run(`DROP TABLE ${table}`);
  return opinion;
}

function tablesOf(history: History): string[] {
  return history.query("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
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
  return { ever: names(verdicts), baseline: names(verdicts.filter(isFirstOfBaseline)), atEnd: names(finals) };
}

interface Said {
  readonly check: string;
  readonly key: string;
  readonly currency: string;
  readonly status: string;
  readonly class: string | null;
  readonly baseline: boolean;
  readonly version?: number;
}

function isFirstOfBaseline({ baseline, version }: Said): boolean {
  return baseline && version === 1;
}

function nameOf({ check, class: cause, key, currency }: Said): string {
  return `${check}/${cause} ${key} ${currency}`;
}

/** All jobs that ship, as one. */
export async function allJobs() {
  return jointJob(await Promise.all(shippedJobs.map((name) => loadJob(shippedJob(name)))));
}
