/**
 * What a reconciliation must say, computed in the most naive way from shared histories of rows: no frontier, no timers,
 * no state. It is written from the semantics alone and shares no code with the engine, so that each can prove the other
 * wrong. Amounts are minor units of one scale.
 */

/** A row's values at one time; `null` where the row is deleted. */
export interface RowVersion {
  /** Event time of the change. */
  readonly at: number;
  /** When the seed was taken, for a row of it; its event time is then before all others. */
  readonly seed: number | null;
  readonly values: RowValues | null;
}

export interface RowValues {
  readonly key: string;
  readonly status: string;
  readonly businessTime: number | null;
  /** Amount of each money field; null where the column is. */
  readonly amounts: Readonly<Record<string, readonly [minor: bigint, currency: string] | null>>;
}

/** All that ever happened to one row, in the order of its log, repeats left out. */
export interface RowHistory {
  readonly table: string;
  readonly row: string;
  readonly versions: readonly RowVersion[];
}

export interface OracleLeg {
  readonly name: string;
  readonly side: "expect" | "actual";
  readonly sign: 1n | -1n;
  readonly table: string;
  readonly field: string;
  /** Status that a row must have to count; undefined: any. */
  readonly status?: string;
  readonly deadlineMs: number;
}

export interface OracleRule {
  readonly legs: readonly OracleLeg[];
  readonly skewMs: number;
  /** Absolute, in minor units. */
  readonly tolerance: bigint;
}

export interface OracleVerdict {
  readonly key: string;
  readonly currency: string;
  readonly version: number;
  readonly status: string;
  readonly class: string | null;
  readonly time: number;
  readonly baseline: boolean;
  readonly atRisk: bigint;
  readonly lower: bigint;
  readonly upper: bigint;
  readonly actual: bigint;
}

export interface OracleAlert {
  readonly key: string;
  readonly currency: string;
  readonly class: string;
  readonly action: string;
  readonly version: number;
  readonly time: number;
}

export interface OracleFinal {
  readonly key: string;
  readonly currency: string;
  readonly status: string;
  readonly class: string | null;
}

export interface OracleAnswer {
  readonly verdicts: readonly OracleVerdict[];
  readonly alerts: readonly OracleAlert[];
  readonly finals: readonly OracleFinal[];
}

/** A row's part in a leg, from the time it was added to the time it was retracted. */
interface Part {
  readonly leg: OracleLeg;
  readonly currency: string;
  readonly minor: bigint;
  readonly dueAt: number;
  readonly seed: number | null;
  readonly from: number;
  readonly to: number;
}

/** One key: its parts, and the times at which anything about it changed. */
interface KeyHistory {
  readonly key: string;
  readonly parts: Part[];
  readonly changes: number[];
}

/** Judges histories through `end`, the time of the end markers. */
export function oracle(rule: OracleRule, histories: readonly RowHistory[], end: number): OracleAnswer {
  const seeds = histories.flatMap((history) => history.versions.flatMap((version) => version.seed ?? []));
  const floor = Math.max(...seeds, Number.NEGATIVE_INFINITY) + rule.skewMs;
  const answer = { verdicts: [] as OracleVerdict[], alerts: [] as OracleAlert[], finals: [] as OracleFinal[] };
  for (const history of keyHistories(rule, histories)) judgeKey(rule, history, floor, end, answer);
  return answer;
}

function keyHistories(rule: OracleRule, histories: readonly RowHistory[]): KeyHistory[] {
  const keys = new Map<string, KeyHistory>();
  const of = (key: string) => {
    const known = keys.get(key) ?? { key, parts: [], changes: [] };
    keys.set(key, known);
    return known;
  };
  for (const { table, versions } of histories) {
    for (const span of spansOf(versions)) {
      const counts = rule.legs.some((leg) => leg.table === table && matches(leg, span.values));
      if (!counts) continue;
      const history = of(span.values.key);
      history.changes.push(span.from);
      if (span.to < Number.POSITIVE_INFINITY) history.changes.push(span.to);
      for (const leg of rule.legs) {
        const amount = span.values.amounts[leg.field];
        if (leg.table !== table || !matches(leg, span.values) || amount === null || amount === undefined) continue;
        const [minor, currency] = amount;
        const business = span.values.businessTime ?? span.seed ?? span.from;
        const { from, to, seed } = span;
        history.parts.push({
          leg,
          currency,
          minor: leg.sign * minor,
          dueAt: business + leg.deadlineMs,
          seed,
          from,
          to,
        });
      }
    }
  }
  return [...keys.values()];
}

interface Span {
  readonly values: RowValues;
  readonly seed: number | null;
  readonly from: number;
  readonly to: number;
}

/** When a row had which values: a version that changes nothing opens no span, and a row's time never goes back. */
function spansOf(versions: readonly RowVersion[]): Span[] {
  const spans: { values: RowValues; seed: number | null; from: number; to: number }[] = [];
  let time = Number.NEGATIVE_INFINITY;
  let live: RowValues | null = null;
  for (const { at, seed, values } of versions) {
    time = Math.max(time, seed === null ? at : Number.NEGATIVE_INFINITY);
    if (live !== null && values !== null && textOf(live) === textOf(values)) continue;
    if (live !== null) spans.at(-1)!.to = time;
    if (values !== null) spans.push({ values, seed, from: time, to: Number.POSITIVE_INFINITY });
    live = values;
  }
  return spans;
}

const textOf = (values: RowValues) =>
  JSON.stringify(values, (_, value) => (typeof value === "bigint" ? `${value}n` : value));

const matches = (leg: OracleLeg, values: RowValues) => leg.status === undefined || leg.status === values.status;

/** Every point of a key, by definition; those before the floor are the floor. */
function pointsOf(rule: OracleRule, { parts, changes }: KeyHistory, floor: number): number[] {
  const { skewMs } = rule;
  const settled = changes
    .filter((t) => !changes.some((other) => other > t && other <= t + skewMs))
    .map((t) => t + skewMs);
  const deadlines = parts
    .map((part) => ({ part, point: part.dueAt + skewMs }))
    .filter(({ part, point }) => part.from <= point && part.to > point)
    .map(({ point }) => point);
  const points = [...settled, ...deadlines].map((point) => Math.max(point, floor));
  return [...new Set(points)].sort((a, b) => a - b);
}

interface Said {
  version: number;
  status: string;
  class: string | null;
  told: string;
  baseline: { readonly class: string | null; readonly atRisk: bigint } | null;
  alert: string | null;
  readonly opened: Set<string>;
}

function judgeKey(
  rule: OracleRule,
  history: KeyHistory,
  floor: number,
  end: number,
  answer: { verdicts: OracleVerdict[]; alerts: OracleAlert[]; finals: OracleFinal[] },
): void {
  const said = new Map<string, Said>();
  const { key, parts } = history;
  const points = pointsOf(rule, history, floor).filter((point) => point <= end);
  for (const point of points) {
    const counting = parts.filter((part) => part.from <= point && part.to > point);
    const currencies = [...new Set([...counting.map((part) => part.currency), ...said.keys()])].sort();
    const old = point === points[0] ? baselineOf(rule, counting) : new Map<string, string>();
    for (const currency of currencies) {
      const finding = find(rule, counting, currency, (part) => part.dueAt + rule.skewMs <= point);
      say(key, currency, point, finding, old.get(currency) === finding.class, said, answer);
    }
  }
  const standing = parts.filter((part) => part.from <= end && part.to > end).map((part) => part.currency);
  for (const currency of new Set([...standing, ...said.keys()])) {
    const last = said.get(currency);
    answer.finals.push({ key, currency, status: last?.status ?? "pending", class: last?.class ?? null });
  }
}

/** By currency: how a key failed by its seed alone, with what was overdue when the seed was taken. */
function baselineOf(rule: OracleRule, counting: readonly Part[]): Map<string, string> {
  const seeded = counting.filter((part) => part.seed !== null);
  const currencies = [...new Set(seeded.map((part) => part.currency))];
  const found = currencies.map((currency) => {
    const finding = find(rule, seeded, currency, (part) => part.dueAt <= part.seed!);
    return [currency, finding.class] as const;
  });
  return new Map(found.filter((entry): entry is [string, string] => entry[1] !== null));
}

interface Finding {
  readonly status: "pass" | "fail" | "pending";
  readonly class: string | null;
  readonly atRisk: bigint;
  readonly lower: bigint;
  readonly upper: bigint;
  readonly actual: bigint;
  /** What makes two failures the same. */
  readonly totals: string;
}

/** A1, sentence by sentence. */
function find(rule: OracleRule, counting: readonly Part[], currency: string, isDue: (part: Part) => boolean): Finding {
  const own = counting.filter((part) => part.currency === currency);
  const expected = own.filter((part) => part.leg.side === "expect");
  const lines = own.filter((part) => part.leg.side === "actual");
  const lower = sum(expected.filter((part) => (part.minor > 0n && isDue(part)) || part.minor < 0n));
  const upper = sum(expected.filter((part) => part.minor > 0n || (part.minor < 0n && isDue(part))));
  const actual = sum(lines);
  /** A claw-back ahead of its refund is silent until its own deadline. */
  const early = sum(lines.filter((part) => part.minor < 0n && !isDue(part)));
  const full = sum(expected);
  const near = abs(actual - full) <= rule.tolerance;
  const totals = rule.legs.map((leg) => sum(own.filter((part) => part.leg === leg))).join(" ");
  const says = (status: Finding["status"], cause: string | null, atRisk: bigint): Finding => ({
    status,
    class: cause,
    atRisk,
    lower,
    upper,
    actual,
    totals,
  });
  const captures = counting.filter((part) => part.leg.side === "expect" && part.leg.sign === 1n);
  if (captures.length === 0) {
    if (lines.some(isDue)) return says("fail", "unknown-payment", abs(actual));
    return says(lines.length === 0 && near ? "pass" : "pending", null, 0n);
  }
  const capturedIn = new Set(captures.map((part) => part.currency));
  const linesIn = new Set(counting.filter((part) => part.leg.side === "actual").map((part) => part.currency));
  const [only] = capturedIn;
  if (capturedIn.size === 1 && linesIn.size > 0 && !linesIn.has(only!)) {
    if (only !== currency) return says(own.length > 0 ? "pending" : "pass", null, 0n);
    /** It stands for X's missing and Y's unknown, so it is silent until one of them would speak. */
    const wouldBeMissing = lower - rule.tolerance > 0n;
    const wouldBeUnknown = counting.some((part) => part.leg.side === "actual" && isDue(part));
    if (wouldBeMissing || wouldBeUnknown) return says("fail", "currency-mismatch", abs(full));
    return says("pending", null, 0n);
  }
  if (lines.length === 0 && lower - rule.tolerance > 0n) return says("fail", "missing", lower);
  if (actual - early < lower - rule.tolerance) return says("fail", "under-charge", lower - actual + early);
  if (actual > upper + rule.tolerance) return says("fail", "over-charge", actual - upper);
  return says(near ? "pass" : "pending", null, 0n);
}

function say(
  key: string,
  currency: string,
  time: number,
  finding: Finding,
  overdueInSeed: boolean,
  all: Map<string, Said>,
  answer: { verdicts: OracleVerdict[]; alerts: OracleAlert[] },
): void {
  const said = all.get(currency) ?? {
    version: 0,
    status: "",
    class: null,
    told: "",
    baseline: null,
    alert: null,
    opened: new Set<string>(),
  };
  all.set(currency, said);
  const failed = said.status === "fail";
  const { status, class: cause, atRisk, lower, upper, actual } = finding;
  const told = [cause, atRisk, finding.totals].join();
  const news = status === "fail" ? !failed || told !== said.told : failed;
  /** What failed in the seed stays in the baseline while it is the same failure, or what is left of it. */
  const old = said.baseline;
  const same =
    old !== null && atRisk <= old.atRisk && (old.class === cause || `${old.class} ${cause}` === "missing under-charge");
  if (status !== "fail" || !(same || overdueInSeed)) said.baseline = null;
  else if (overdueInSeed) said.baseline = { class: cause, atRisk };
  const baseline = said.baseline !== null;
  Object.assign(said, { status, class: cause });
  if (!news) return;
  const version = ++said.version;
  said.told = told;
  answer.verdicts.push({ key, currency, version, status, class: cause, time, baseline, atRisk, lower, upper, actual });
  const alert = (action: string, name: string) =>
    answer.alerts.push({ key, currency, class: name, action, version, time });
  const failing = baseline ? null : cause;
  if (said.alert !== null && said.alert !== failing) {
    alert("resolved", said.alert);
    said.alert = null;
  }
  if (failing === null) return;
  alert(said.alert !== null ? "updated" : said.opened.has(failing) ? "reopened" : "opened", failing);
  said.alert = failing;
  said.opened.add(failing);
}

function sum(parts: readonly Part[]): bigint {
  return parts.reduce((total, part) => total + part.minor, 0n);
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
