import { hours } from "countercheck";
import { type Line, netOf, type Results, sorted } from "./results.ts";

interface Amount {
  readonly minor: string;
  readonly currency: string;
}

interface Capture {
  readonly id: string;
  readonly paymentId: string;
  readonly status: string;
  readonly amount: Amount;
  readonly kind: "add" | "retract";
  readonly at: number;
}

interface Booked {
  readonly batchId: string;
  readonly lineNo: string;
  readonly paymentId: string;
  readonly net: Amount;
  readonly kind: "add" | "retract";
  readonly at: number;
  readonly n: string;
}

interface Refunded {
  readonly id: string;
  readonly paymentId: string;
  readonly status: string;
  readonly amount: Amount;
  readonly kind: "add" | "retract";
  readonly at: number;
}

const HOUR = hours(1);
const DAY = 24 * HOUR;

/**
 * What sinks must hold by a straightforward account of the rows that a run has seen, which other sinks tell of: as sorted
 * lines, for changelogs what they come to.
 */
export function plainly(results: Results): Map<string, string[]> {
  const seen = rows<Capture>(results, "seen");
  const captures = seen.filter(({ kind, status }) => kind === "add" && status === "captured");
  const booked = rows<Booked>(results, "seen-lines").filter(({ n }) => n === "1");
  return new Map([
    ...windowed(captures),
    ...joined(captures, booked),
    ...tables(results, seen),
    ["as-of", sorted(asOf(rows<Refunded>(results, "seen-refunds"), rows<Booked>(results, "seen-lines")))],
  ]);
}

/** A sink's lines as `plainly` gives them. */
export function comparable(lines: readonly Line[]): string[] {
  if (lines.some((line) => "$op" in line)) return netOf(lines);
  return sorted(lines);
}

function windowed(all: readonly Capture[]): [string, string[]][] {
  const captures = all.filter(({ at }) => at > 0);
  const currencies = [...new Set(captures.map(({ amount }) => amount.currency))];
  const of = (currency: string, from: number, to: number) =>
    captures.filter(({ amount, at }) => amount.currency === currency && from <= at && at < to);
  const first = Math.floor(Math.min(...captures.map(({ at }) => at)) / DAY) * DAY - DAY;
  const last = Math.max(...captures.map(({ at }) => at)) + DAY;
  const tumbling: Line[] = [];
  const sliding: Line[] = [];
  const session: Line[] = [];
  const global: Line[] = [];
  for (const currency of currencies) {
    const money = (minor: bigint) => ({ minor: String(minor), currency });
    for (let from = first + HOUR; from < last; from += 6 * HOUR) {
      const minors = minorsOf(of(currency, from, from + 6 * HOUR));
      if (minors.length === 0) continue;
      const [total, least] = [money(sumOf(minors)), money(minors[0]!)];
      tumbling.push({ currency, from, count: String(minors.length), total, least });
    }
    for (let to = first; to < last; to += 2 * HOUR) {
      const within = of(currency, to - 6 * HOUR, to);
      if (within.length === 0) continue;
      const payments = String(new Set(within.map(({ paymentId }) => paymentId)).size);
      sliding.push({ currency, to, payments, most: money(minorsOf(within).at(-1)!) });
    }
    const times = of(currency, first, last).map(({ at }) => at);
    times.sort((a, b) => a - b);
    const gap = HOUR / 3;
    for (let i = 0, begin = 0; i < times.length; i++) {
      if (i + 1 < times.length && times[i + 1]! - times[i]! <= gap) continue;
      session.push({ currency, from: times[begin], to: times[i]! + gap, count: String(i + 1 - begin) });
      begin = i + 1;
    }
    const fired = Math.floor(all.filter(({ amount }) => amount.currency === currency).length / 7);
    for (let i = 0; i < fired; i++) global.push({ currency, count: "7" });
  }
  return Object.entries({ tumbling, sliding, session, global }).map(([sink, lines]) => [sink, sorted(lines)]);
}

function joined(all: readonly Capture[], lines: readonly Booked[]): [string, string[]][] {
  const results: [string, string[]][] = [];
  const captures = all.filter(({ at }) => at > 0);
  const booked = lines.filter(({ at }) => at > 0);
  const isOne = (capture: Capture, line: Booked) =>
    capture.paymentId === line.paymentId && capture.amount.currency === line.net.currency;
  const near = ({ at }: Capture, line: Booked) => at - HOUR <= line.at && line.at <= at + 20 * HOUR;
  const sameDay = ({ at }: Capture, line: Booked) => Math.floor(at / DAY) === Math.floor(line.at / DAY);
  for (const [name, isNear, show] of [
    ["interval", near, pairOfInterval],
    ["window", sameDay, pairOfWindow],
  ] as const) {
    const matches = (capture: Capture, line: Booked) => isOne(capture, line) && isNear(capture, line);
    const inner = captures.flatMap((capture) =>
      booked.filter((line) => matches(capture, line)).map((line) => show(capture, line)),
    );
    const left = captures.filter((capture) => !booked.some((line) => matches(capture, line)));
    const right = booked.filter((line) => !captures.some((capture) => matches(capture, line)));
    const leftAlone = left.map((capture) => show(capture, undefined));
    const rightAlone = right.map((line) => show(undefined, line));
    results.push([`${name}-inner`, sorted(inner)]);
    results.push([`${name}-leftOuter`, sorted([...inner, ...leftAlone])]);
    results.push([`${name}-rightOuter`, sorted([...inner, ...rightAlone])]);
    results.push([`${name}-fullOuter`, sorted([...inner, ...leftAlone, ...rightAlone])]);
  }
  return results;
}

function pairOfInterval(capture: Capture | undefined, line: Booked | undefined): Line {
  const { id: payment = null, amount = null } = capture ?? {};
  return { payment, amount, batch: line?.batchId ?? null, no: line?.lineNo ?? null };
}

function pairOfWindow(capture: Capture | undefined, line: Booked | undefined): Line {
  const { batchId: batch = null, lineNo: no = null, net = null } = line ?? {};
  return { payment: capture?.id ?? null, batch, no, net };
}

function tables(results: Results, seen: readonly Capture[]): [string, string[]][] {
  const payments = live(seen);
  const captured = payments.filter(({ status }) => status === "captured");
  const refunds = live(rows<Refunded>(results, "seen-refunds"));
  const isOne = (payment: Capture, refund: Refunded) =>
    payment.paymentId === refund.paymentId && payment.amount.currency === refund.amount.currency;
  const refunded: Line[] = [];
  for (const payment of captured) {
    const own = refunds.filter((refund) => isOne(payment, refund));
    if (own.length === 0) refunded.push({ payment: payment.id, refund: null, status: null, amount: null });
    for (const { id, status, amount } of own) refunded.push({ payment: payment.id, refund: id, status, amount });
  }
  for (const { id, status, amount, paymentId } of refunds) {
    const alone = { id: null, paymentId, amount } as unknown as Capture;
    if (captured.some((payment) => isOne(payment, { ...(alone as unknown as Refunded), paymentId }))) continue;
    refunded.push({ payment: null, refund: id, status, amount });
  }
  const highest = grouped(
    seen.filter(({ kind, status }) => kind === "add" && status === "captured"),
    ({ amount }) => amount.currency,
  ).flatMap((group) => {
    const { currency } = group[0]!.amount;
    const highest = minorsOf(group).toReversed().slice(0, 5);
    return highest.map((minor, i) => ({ amount: { minor: String(minor), currency }, rank: String(i + 1) }));
  });
  const byStatus = grouped(
    refunded.filter(({ amount }) => amount !== null) as unknown as Refunded[],
    ({ status, amount }) => `${status} ${amount.currency}`,
  ).map((group) => totalOf(group, "most", -1));
  const totals = grouped(payments, ({ status, amount }) => `${status} ${amount.currency}`).map((group) =>
    totalOf(group, "least", 0),
  );
  return Object.entries({ refunded, highest, "by-status": byStatus, totals }).map(([sink, lines]) => [
    sink,
    sorted(lines),
  ]);
}

function totalOf(group: readonly Pick<Capture, "status" | "amount">[], extreme: "least" | "most", at: 0 | -1): Line {
  const { status, amount } = group[0]!;
  const minors = minorsOf(group);
  const money = (minor: bigint) => ({ minor: String(minor), currency: amount.currency });
  const count = String(minors.length);
  return { status, currency: amount.currency, count, total: money(sumOf(minors)), [extreme]: money(minors.at(at)!) };
}

/** Lines with what the newest change of their payment's refunds left at their time; of one time the last of a row counts. */
function asOf(refunds: readonly Refunded[], lines: readonly Booked[]): Line[] {
  const changes = [...refunds].sort((a, b) => a.at - b.at);
  return lines
    .filter(({ kind, at }) => kind === "add" && at > 0)
    .map(({ at, paymentId, batchId, lineNo, net }) => {
      const newest = changes.findLast((refund) => refund.paymentId === paymentId && refund.at <= at);
      return { batch: batchId, no: lineNo, net, status: newest?.kind === "add" ? newest.status : null };
    });
}

/** Rows that are left of a changelog. */
function live<T extends { readonly id: string; readonly kind: string }>(changes: readonly T[]): T[] {
  const rows = new Map<string, T>();
  for (const change of changes) {
    if (change.kind === "add") rows.set(change.id, change);
    else rows.delete(change.id);
  }
  return [...rows.values()];
}

function grouped<T>(all: readonly T[], keyOf: (each: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return [...groups.values()];
}

/** Amounts in minor units, the least first. */
function minorsOf(all: readonly { readonly amount: Amount }[]): bigint[] {
  return all.map(({ amount }) => BigInt(amount.minor)).sort((a, b) => Number(a - b));
}

function sumOf(minors: readonly bigint[]): bigint {
  return minors.reduce((sum, minor) => sum + minor, 0n);
}

function rows<T>(results: Results, sink: string): T[] {
  return results.get(sink) as unknown as T[];
}
