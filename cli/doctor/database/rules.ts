import { defect, type Finding } from "../finding.ts";
import { heartbeatTable } from "../heartbeat-sql.ts";
import type { DatabaseFacts } from "./facts.ts";

/** The default skew of checks, in seconds: clocks that differ by more make counterparts seem late. */
const MOST_CLOCK_DIFFERENCE = 2;

/** What is wrong with a database of either kind. */
export function databaseFindings(about: string, facts: DatabaseFacts): Finding[] {
  const found = facts.tables.flatMap(({ name, isHeartbeat, exists, hasPrimaryKey }) => {
    if (!exists && isHeartbeat)
      return [defect("DATABASE_HEARTBEAT_MISSING", about, { table: name, sql: heartbeatTable(name) })];
    if (!exists) return [defect("DATABASE_TABLE_MISSING", about, { table: name })];
    return hasPrimaryKey ? [] : [defect("DATABASE_NO_PRIMARY_KEY", about, { table: name })];
  });
  for (const grant of facts.missingGrants) found.push(defect("DATABASE_GRANT_MISSING", about, { ...grant }));
  const seconds = facts.clockAheadSeconds;
  if (Math.abs(seconds) > MOST_CLOCK_DIFFERENCE) {
    const details = { seconds: Math.abs(seconds).toFixed(1), direction: seconds > 0 ? "ahead of" : "behind" };
    found.push(defect("DATABASE_CLOCK_OFF", about, details));
  }
  return found;
}
