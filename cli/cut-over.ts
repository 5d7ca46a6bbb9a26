import type { Desk } from "../connectors/desk/desk.ts";
import type { Mismatches } from "../connectors/desk/records.ts";

/** What a migration must have shown before it is cut over; what is left out is not asked for. */
export interface CutOverRule {
  /** So many comparisons in a row were clean. */
  readonly clean?: number | undefined;
  /** For so long nothing differed, in event time. */
  readonly quietMs?: number | undefined;
}

/** How often one field, or a row as a whole, was found to differ. */
export interface FieldRate {
  /** Name of the field; null for rows that are missing or too many. */
  readonly field: string | null;
  readonly count: number;
  /** Of all comparisons. */
  readonly rate: number;
}

/** How far a migration is. Times are event times in epoch ms. */
export interface MigrationStatus {
  readonly check: string;
  /** Comparisons that came to an end, clean or not. */
  readonly comparisons: number;
  readonly mismatches: readonly Mismatches[];
  readonly byField: readonly FieldRate[];
  /** Differences that nobody has accepted and that are there still. */
  readonly open: number;
  readonly clean: {
    /** When the last difference was found; null where there never was one. */
    readonly since: number | null;
    readonly comparisons: number;
    readonly forMs: number;
  };
  /** Why it should not be cut over yet; empty when nothing speaks against it. */
  readonly waitsFor: readonly string[];
}

/** What a desk knows of a migration's check. */
export function migrationStatus(desk: Desk, check: string, rule: CutOverRule): MigrationStatus {
  const mismatches = desk.mismatches(check);
  const all = desk.cleanComparisons(check, Number.MIN_SAFE_INTEGER);
  const found = mismatches.reduce((sum, { count }) => sum + count, 0);
  const comparisons = all.count + found;
  const times = mismatches.flatMap(({ lastAt }) => lastAt ?? []);
  const since = times.length === 0 ? null : Math.max(...times);
  const run = since === null ? all : desk.cleanComparisons(check, since);
  const from = since ?? all.firstMinute;
  const to = run.lastMinute;
  const clean = { since, comparisons: run.count, forMs: from === null || to === null ? 0 : Math.max(0, to - from) };
  const { open = 0, acknowledged = 0, snoozed = 0 } = desk.alertCounts({ check });
  const known = { open: open + acknowledged + snoozed, clean };
  const isSuspended = desk
    .suspensions({ state: "open" })
    .some(({ checks }) => checks.some((one) => one.check === check && one.state === "open"));
  const deadLetters = desk.openDeadLetters().all;
  const waitsFor = [
    ...(known.open > 0 ? [`${known.open} differences to be mended or accepted`] : []),
    ...(isSuspended ? ["the check, which is suspended, to be resumed"] : []),
    ...(deadLetters > 0 ? [`${deadLetters} dead letters to be replayed or discarded`] : []),
    ...shortOf(clean, rule),
  ];
  return { check, comparisons, mismatches, byField: ratesOf(mismatches, comparisons), ...known, waitsFor };
}

function shortOf(run: MigrationStatus["clean"], { clean = 1, quietMs = 0 }: CutOverRule): string[] {
  return [
    ...(run.comparisons < clean ? [`${clean - run.comparisons} more clean comparisons`] : []),
    ...(run.forMs < quietMs ? [`${Math.ceil((quietMs - run.forMs) / 60_000)} more minutes without a difference`] : []),
  ];
}

function ratesOf(mismatches: readonly Mismatches[], comparisons: number): FieldRate[] {
  const counts = new Map<string | null, number>();
  for (const { fields, count } of mismatches) {
    for (const field of fields.length === 0 ? [null] : fields) counts.set(field, (counts.get(field) ?? 0) + count);
  }
  const sorted = [...counts].sort(([a, left], [b, right]) => right - left || ((a ?? "") < (b ?? "") ? -1 : 1));
  return sorted.map(([field, count]) => ({ field, count, rate: count / comparisons }));
}
