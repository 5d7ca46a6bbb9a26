import type { KeptState } from "../task.ts";

/** The tables with what is kept of an operator's keys, by name, and the uids that parts with their records have. */
export function keyedTables({ uid, records = [] }: KeptState): Map<string, string> {
  const tables = records.map(({ name }) => recordTable(uid, name));
  return new Map([[keyedTable(uid), uid], ...tables.map((table) => [table, table] as const)]);
}

/** The table with states and timers. */
export function keyedTable(uid: string): string {
  return `keys/${uid}`;
}

/** The table with an operator's records of a name. */
export function recordTable(uid: string, name: string): string {
  return `records/${uid}/${name}`;
}
