import { type DecodedRecord, type Row, unscaledOf } from "./decoded-log.test-helper.ts";

/** A stretch of event time in which a payment fails in a currency. */
export interface Failure {
  readonly key: string;
  readonly currency: string;
  readonly class: string;
  /** First point at which it fails with this class. */
  readonly from: number;
  /** First point at which it no longer does; infinite if it fails at the log's end. */
  until: number;
  /** The difference at `from`, in units of 10^-4. */
  readonly atRisk: bigint;
  /** Failing already by the snapshots alone. */
  readonly baseline: boolean;
}

/** What the oracle judges by. */
export interface OracleTerms {
  readonly missingAfter: number;
  readonly refundAfter: number;
  readonly unknownAfter: number;
  readonly skew: number;
  /** When the snapshots were taken, and the time through which the log is complete. */
  readonly firstTime: number;
  readonly endTime: number;
}

/**
 * Check A1 once more, naively: the whole log at once, sorted by event time, and every key judged from scratch at each
 * of its points. Slow and simple on purpose; it shares nothing with the engine.
 */
export function judgeLog(records: readonly DecodedRecord[], terms: OracleTerms): Failure[] {
  const failures: Failure[] = [];
  for (const [key, rows] of rowsByPayment(records)) judgeKey(key, rows, terms, failures);
  return failures.sort((a, b) => (BigInt(a.key) < BigInt(b.key) ? -1 : a.key === b.key ? a.from - b.from : 1));
}

/** A row's states in the order of its log; null where it is deleted. Seed rows are there from −∞ on. */
interface History {
  readonly table: string;
  readonly versions: { readonly time: number; readonly row: Row | null; readonly position: bigint }[];
}

const SEED_TIME = Number.NEGATIVE_INFINITY;

function rowsByPayment(records: readonly DecodedRecord[]): Map<string, History[]> {
  const histories = new Map<string, History>();
  const byPayment = new Map<string, Set<History>>();
  for (const { record, key, value } of records) {
    if (value === null || record.topic.endsWith("heartbeat")) continue;
    const id = `${record.topic}/${Object.values(key).join("/")}`;
    const history = histories.get(id) ?? { table: record.topic.slice(record.topic.lastIndexOf(".") + 1), versions: [] };
    histories.set(id, history);
    const position = positionOf(value.source);
    if (position <= (history.versions.at(-1)?.position ?? -1n)) continue;
    const time = value.op === "r" ? SEED_TIME : Number(value.source.ts_ms);
    history.versions.push({ time, row: value.after, position });
    if (value.after === null) continue;
    const payment = String(value.after.payment_id);
    const members = byPayment.get(payment) ?? new Set();
    byPayment.set(payment, members.add(history));
  }
  return new Map([...byPayment].map(([payment, members]) => [payment, [...members]]));
}

function positionOf(source: Row): bigint {
  if (source.lsn !== undefined) return source.lsn as bigint;
  const file = BigInt((source.file as string).split(".")[1]!);
  return (file << 64n) | ((source.pos as bigint) << 20n) | BigInt(source.row as number);
}

/** What one row says at a time. Amounts are in units of 10^-4. */
interface Part {
  readonly type: "capture" | "negative" | "line";
  readonly currency: string;
  readonly amount: bigint;
  readonly due: number;
}

function judgeKey(key: string, rows: readonly History[], terms: OracleTerms, failures: Failure[]): void {
  const open = new Map<string, Failure>();
  for (const point of pointsOf(key, rows, terms)) {
    const parts = rows.flatMap((history) => partOf(key, history, point, terms) ?? []);
    const causes = causesOf(parts, point === SEED_POINT ? terms.firstTime : point, terms);
    for (const [currency, failure] of open) {
      if (causes.get(currency)?.class === failure.class) continue;
      failure.until = point;
      open.delete(currency);
    }
    for (const [currency, cause] of causes) {
      if (open.has(currency)) continue;
      const from = { from: point, until: Number.POSITIVE_INFINITY, baseline: point === SEED_POINT };
      const failure = { key, currency, ...cause, ...from };
      open.set(currency, failure);
      failures.push(failure);
    }
  }
}

/** Stands for the end of the snapshots, before every change. */
const SEED_POINT = 0;

function pointsOf(key: string, rows: readonly History[], terms: OracleTerms): number[] {
  const changes = new Set<number>();
  const points = new Set<number>([SEED_POINT]);
  for (const { table, versions } of rows) {
    for (const [i, { time, row }] of versions.entries()) {
      const concerns = [row, versions[i - 1]?.row].some((image) => String(image?.payment_id) === key);
      if (concerns && time !== SEED_TIME) changes.add(time);
      const part = row && partOfRow(key, table, row, terms);
      if (part) points.add(part.due + terms.skew);
    }
  }
  for (const time of changes) {
    const isFollowed = [...changes].some((other) => other > time && other <= time + terms.skew);
    if (!isFollowed) points.add(time + terms.skew);
  }
  const isJudged = (point: number) => point === SEED_POINT || (point > terms.firstTime && point <= terms.endTime);
  return [...points].filter(isJudged).sort((a, b) => a - b);
}

function partOf(key: string, { table, versions }: History, point: number, terms: OracleTerms): Part | undefined {
  const last = versions.findLast(({ time }) => time <= point);
  return last?.row ? partOfRow(key, table, last.row, terms) : undefined;
}

function partOfRow(key: string, table: string, row: Row, terms: OracleTerms): Part | undefined {
  if (String(row.payment_id) !== key) return undefined;
  const currency = row.currency as string;
  if (table === "settlement_lines") {
    const due = Date.parse(row.booked_at as string) + terms.unknownAfter;
    return { type: "line", currency, amount: unscaledOf(row.net) + unscaledOf(row.fee), due };
  }
  const amount = unscaledOf(row.amount) * 10n;
  if (table === "refunds") {
    if (row.status !== "succeeded") return undefined;
    return { type: "negative", currency, amount: -amount, due: Number(row.refunded_at) + terms.refundAfter };
  }
  if (row.status !== "captured") return undefined;
  return { type: "capture", currency, amount, due: Number(row.captured_at) + terms.missingAfter };
}

interface Cause {
  readonly class: string;
  readonly atRisk: bigint;
}

/** The cause per currency at a point, first match. */
function causesOf(parts: readonly Part[], point: number, terms: OracleTerms): Map<string, Cause> {
  const causes = new Map<string, Cause>();
  const captured = new Set(parts.filter(({ type }) => type === "capture").map(({ currency }) => currency));
  const settled = new Set(parts.filter(({ type }) => type === "line").map(({ currency }) => currency));
  const isMismatch = captured.size === 1 && settled.size > 0 && !settled.has([...captured][0]!);
  for (const currency of new Set(parts.map((part) => part.currency))) {
    const cause = causeOf(parts, currency, point, terms);
    if (cause === undefined) continue;
    if (isMismatch && !captured.has(currency)) continue;
    causes.set(currency, isMismatch ? { ...cause, class: "currency-mismatch" } : cause);
  }
  return causes;
}

function causeOf(parts: readonly Part[], currency: string, point: number, terms: OracleTerms): Cause | undefined {
  const own = parts.filter((part) => part.currency === currency);
  const isDue = ({ due }: Part) => due + terms.skew <= point;
  const expected = own.filter(({ type }) => type !== "line");
  const lines = own.filter(({ type }) => type === "line");
  const actual = sum(lines);
  if (!parts.some(({ type }) => type === "capture")) {
    return lines.some(isDue) ? { class: "unknown-payment", atRisk: actual } : undefined;
  }
  const lower = sum(expected.filter((part) => part.type === "negative" || isDue(part)));
  const upper = sum(expected.filter((part) => part.type === "capture" || isDue(part)));
  if (actual > upper) return { class: "over-charge", atRisk: actual - upper };
  // A claw-back ahead of its refund is silent until its own deadline.
  const clawbacksAhead = sum(lines.filter((line) => line.amount < 0n && !isDue(line)));
  const charged = actual - clawbacksAhead;
  if (charged >= lower) return undefined;
  return { class: lines.length === 0 ? "missing" : "under-charge", atRisk: lower - charged };
}

function sum(parts: readonly Part[]): bigint {
  return parts.reduce((total, { amount }) => total + amount, 0n);
}
