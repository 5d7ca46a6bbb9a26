import { displayKey } from "../../base/key.ts";
import { abs } from "../../base/money.ts";
import type { Entry } from "../row-set.ts";
import type { Judgement } from "../rule.ts";

/** What decides which rows of a key repeat others. Fields are places in the model's order. */
export interface Likeness {
  readonly class: string;
  /** The business time; null: rows are told apart by when they were seen. */
  readonly time: number | null;
  /** Rows are alike when they are equal in these; a row without one of them is like no other. */
  readonly alike: readonly number[];
  /** Alike rows belong together while each is at most so much later than the one before it; null: always. */
  readonly withinMs: number | null;
  /** Rows count as repeats only where they differ in each of these; a row without one of them is not judged yet. */
  readonly confirmedBy: readonly number[];
}

/** A row with its business time. */
interface Timed {
  readonly entry: Entry;
  readonly time: number;
}

/** Repeats that a note names at most. */
const MAX_NAMED = 5;

/**
 * Judges the rows of a key: one answer for each cluster of alike rows and currency, those that begin at one time together.
 *
 * A *cluster* is a longest run of alike rows, in order of business time, in which each is at most `withinMs` later than
 * the one before. Its period is the business time of its first row. The first row of a cluster, by business time and row
 * key, is what it should be; the rest are *surplus*. What they amount to, whatever their signs, is at risk.
 */
export function judgeUnique(entries: readonly Entry[], likeness: Likeness): Judgement[] {
  const found = new Map<string, Judgement>();
  for (const group of alikeRows(entries, likeness)) {
    for (const cluster of clustersOf(group, likeness.withinMs)) {
      for (const judgement of judgeCluster(cluster, likeness)) {
        const place = `${judgement.period}/${judgement.currency}`;
        const other = found.get(place);
        found.set(place, other === undefined ? judgement : together(other, judgement));
      }
    }
  }
  return [...found.values()];
}

/** Groups of rows that are alike, each in order of time, in an order that does not depend on how they came. */
function alikeRows(entries: readonly Entry[], { alike, time }: Likeness): Iterable<Timed[]> {
  const groups = new Map<string, Timed[]>();
  for (const row of entries.map((entry) => ({ entry, time: timeOf(entry, time) })).sort(byTimeAndRow)) {
    const name = likenessOf(row.entry, alike);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups.values();
}

function timeOf({ from }: Entry, field: number | null): number {
  return (field === null ? null : (from.fields[field] as number | null)) ?? from.seed ?? from.time;
}

function likenessOf({ from }: Entry, alike: readonly number[]): string {
  const values = alike.map((field) => textOf(from.fields[field]));
  return values.includes(null) ? `only ${from.id}` : JSON.stringify(values);
}

function* clustersOf(group: readonly Timed[], withinMs: number | null): Iterable<readonly Timed[]> {
  if (withinMs === null) return yield group;
  let start = 0;
  for (let i = 1; i <= group.length; i++) {
    if (i < group.length && group[i]!.time - group[i - 1]!.time <= withinMs) continue;
    yield group.slice(start, i);
    start = i;
  }
}

function judgeCluster(rows: readonly Timed[], { class: cause, confirmedBy, withinMs }: Likeness): Judgement[] {
  const cluster = rows.map(({ entry }) => entry);
  const { first, surplus, isOpen } = surplusOf(cluster, confirmedBy);
  const period = withinMs === null ? "" : new Date(rows[0]!.time).toISOString();
  const currencies = [...new Set(cluster.map((entry) => entry.currency))];
  return currencies.map((currency): Judgement => {
    const actual = sumOf(cluster, currency);
    const repeats = surplus.filter((entry) => entry.currency === currency);
    const atRisk = repeats.reduce((sum, { minor }) => sum + abs(minor), 0n);
    const said = { currency, period, lower: 0n, upper: actual - sumOf(repeats, currency), actual, atRisk };
    if (repeats.length > 0) return { ...said, status: "fail", class: cause, note: noteOf(first!, repeats) };
    return { ...said, status: isOpen && cluster.length > 1 ? "pending" : "pass", class: null, note: null };
  });
}

/** The rows that repeat the first. `isOpen`: some cannot be told yet. */
function surplusOf(cluster: readonly Entry[], confirmedBy: readonly number[]) {
  const seen = confirmedBy.map(() => new Set<string>());
  const counted: Entry[] = [];
  let isOpen = false;
  for (const entry of cluster) {
    const ids = confirmedBy.map((field) => textOf(entry.from.fields[field]));
    if (ids.includes(null)) isOpen = true;
    else if (ids.every((id, i) => !seen[i]!.has(id!))) {
      counted.push(entry);
      for (const [i, id] of ids.entries()) seen[i]!.add(id!);
    }
  }
  return { first: counted[0], surplus: counted.slice(1), isOpen };
}

/** Two clusters of a key that begin at the same time are told as one. */
function together(left: Judgement, right: Judgement): Judgement {
  const worst = [left, right].find((j) => j.status === "fail") ?? [left, right].find((j) => j.status === "pending");
  const { status, class: cause } = worst ?? left;
  const notes = [left.note, right.note].filter((note) => note !== null);
  return {
    currency: left.currency,
    period: left.period,
    status,
    class: cause,
    lower: 0n,
    upper: left.upper + right.upper,
    actual: left.actual + right.actual,
    atRisk: left.atRisk + right.atRisk,
    note: notes.length === 0 ? null : notes.join("; "),
  };
}

function noteOf(first: Entry, repeats: readonly Entry[]): string {
  const names = repeats.slice(0, MAX_NAMED).map(({ from }) => displayKey(from.row));
  const more = repeats.length > MAX_NAMED ? ` and ${repeats.length - MAX_NAMED} more` : "";
  return `${names.join(", ")}${more} after ${displayKey(first.from.row)}`;
}

function sumOf(entries: readonly Entry[], currency: number): bigint {
  return entries.reduce((sum, entry) => (entry.currency === currency ? sum + entry.minor : sum), 0n);
}

/** A field's value as text, equal for equal values; null where the row has none. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") return String(value);
  const { minor, currency } = value as { readonly minor: bigint; readonly currency: string };
  return `${minor} ${currency}`;
}

function byTimeAndRow(left: Timed, right: Timed): number {
  const [one, other] = [left.entry.from.id, right.entry.from.id];
  return left.time - right.time || (one < other ? -1 : one > other ? 1 : 0);
}
