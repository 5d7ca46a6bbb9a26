import { defect, type Finding } from "../finding.ts";
import type { PostgresFacts, PostgresTable, Publication, Slot } from "./postgres.ts";
import { databaseFindings } from "./rules.ts";

const GIB = 1 << 30;
const IDENTITIES: Readonly<Record<string, string>> = { d: "default", i: "index" };

/** What is wrong with a PostgreSQL. */
export function postgresFindings(about: string, facts: PostgresFacts): Finding[] {
  const found = databaseFindings(about, facts);
  if (facts.walLevel !== "logical") found.push(defect("POSTGRES_WAL_LEVEL", about, { level: facts.walLevel }));
  for (const table of facts.tables) found.push(...identityFindings(about, table));
  if (facts.publication !== undefined) found.push(...publicationFindings(about, facts, facts.publication));
  if (facts.slot !== undefined) found.push(...slotFindings(about, facts.slot));
  const size = facts.maxSlotWalKeepSize;
  if (size === "-1") found.push(defect("POSTGRES_WAL_UNBOUNDED", about, {}));
  else if (size !== undefined) found.push(defect("POSTGRES_WAL_BOUNDED", about, { size }));
  return found;
}

function identityFindings(
  about: string,
  { name: table, exists, identity: code, isHeartbeat, needsBefore }: PostgresTable,
): Finding[] {
  if (!exists || code === "f") return [];
  if (code === "n") return [defect("POSTGRES_IDENTITY_NOTHING", about, { table })];
  const identity = IDENTITIES[code] ?? code;
  if (needsBefore) return [defect("POSTGRES_BEFORE_NOT_WHOLE", about, { table, identity })];
  // Nothing is read of a heartbeat row but when it was written.
  return isHeartbeat ? [] : [defect("POSTGRES_IDENTITY_DEFAULT", about, { table, identity })];
}

function publicationFindings(
  about: string,
  { tables }: PostgresFacts,
  { name, exists, ...has }: Publication,
): Finding[] {
  const bound = tables.filter((table) => table.exists).map((table) => table.name);
  if (!exists) return [defect("POSTGRES_PUBLICATION_MISSING", about, { publication: name, tables: bound.join(", ") })];
  const found = bound
    .filter((table) => !has.tables.includes(table))
    .map((table) => defect("POSTGRES_TABLE_NOT_PUBLISHED", about, { table, publication: name }));
  if (has.omits.length === 0) return found;
  return [
    ...found,
    defect("POSTGRES_PUBLICATION_PARTIAL", about, { publication: name, operations: has.omits.join(", ") }),
  ];
}

function slotFindings(about: string, { name: slot, exists, active, behindBytes, walStatus: status }: Slot): Finding[] {
  if (!exists) return [defect("POSTGRES_SLOT_MISSING", about, { slot })];
  if (status === "lost" || status === "unreserved") return [defect("POSTGRES_SLOT_LOST", about, { slot, status })];
  const size = sizeText(behindBytes);
  if (!active) return [defect("POSTGRES_SLOT_IDLE", about, { slot, size })];
  return behindBytes > GIB ? [defect("POSTGRES_SLOT_BEHIND", about, { slot, size })] : [];
}

function sizeText(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GB` : `${(bytes / (1 << 20)).toFixed(1)} MB`;
}
