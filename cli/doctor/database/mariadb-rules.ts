import { days, formatDuration } from "../../../base/time.ts";
import { defect, type Finding } from "../finding.ts";
import type { TableFacts } from "./facts.ts";
import type { MariadbFacts } from "./mariadb.ts";
import { databaseFindings } from "./rules.ts";

/** A connector that stops on a Friday evening may be seen to on a Tuesday. */
const LONG_WEEKEND_MS = days(4);
const UTC: ReadonlySet<string> = new Set(["+00:00", "UTC", "Etc/UTC", "GMT"]);

/** What is wrong with a MariaDB. */
export function mariadbFindings(about: string, facts: MariadbFacts): Finding[] {
  return [...binlogFindings(about, facts), ...databaseFindings(about, facts)];
}

function binlogFindings(about: string, { variables, tables }: MariadbFacts): Finding[] {
  if (variables.log_bin === "OFF") return [defect("MARIADB_BINLOG_OFF", about, {})];
  const found: Finding[] = [];
  const { binlog_format: format, binlog_row_image: image, binlog_row_metadata: metadata } = variables;
  if (format !== undefined && format !== "ROW") found.push(defect("MARIADB_BINLOG_NOT_ROW", about, { format }));
  if (image !== undefined && image !== "FULL") found.push(imageFinding(about, image, tables));
  if (metadata !== undefined && metadata !== "FULL") found.push(defect("MARIADB_ROW_METADATA", about, { metadata }));
  const keptMs = keptMsOf(variables);
  if (keptMs > 0 && keptMs < LONG_WEEKEND_MS)
    found.push(defect("MARIADB_BINLOG_EXPIRES", about, { kept: formatDuration(keptMs) }));
  if (variables.gtid_strict_mode === "OFF") found.push(defect("MARIADB_GTID_LOOSE", about, {}));
  const { time_zone: own = "SYSTEM", system_time_zone: system = "UTC" } = variables;
  const zone = own === "SYSTEM" ? system : own;
  if (!UTC.has(zone)) found.push(defect("MARIADB_TIME_ZONE", about, { zone }));
  return found;
}

/** The setting is the server's: what hits the tables that need the row before hits all of them. */
function imageFinding(about: string, image: string, all: readonly TableFacts[]): Finding {
  const tables = all.flatMap(({ name, needsBefore }) => (needsBefore ? [name] : [])).join(", ");
  return tables === ""
    ? defect("MARIADB_ROW_IMAGE", about, { image })
    : defect("MARIADB_BEFORE_NOT_WHOLE", about, { image, tables });
}

/** 0: for ever. Servers before 10.6 know days only. */
function keptMsOf({
  binlog_expire_logs_seconds: seconds,
  expire_logs_days: inDays,
}: Readonly<Record<string, string>>): number {
  return Number(seconds ?? 0) > 0 ? Number(seconds) * 1_000 : days(Number(inDays ?? 0));
}
