import { parseDecimal, rescale } from "../../base/money.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";
import type { SqlFault } from "../../shop/sql/sql-truth.ts";

/** A verdict as far as it is held against the truth. */
export type JudgedVerdict = Pick<
  VerdictRecord,
  "key" | "currency" | "version" | "status" | "class" | "time" | "baseline" | "atRisk"
>;

/** What was injected, as far as verdicts are held against it; all of one check. */
export interface ComparedTruth {
  readonly faults: readonly ComparedFault[];
  readonly baseline: readonly Pick<ComparedFault, "key" | "currency" | "class">[];
  /** Keys of which it is not known what must be said. */
  readonly doubtful: readonly string[];
}

type ComparedFault = Omit<SqlFault, "class"> & { readonly class: string };

/** What differs between verdicts and truth, for people; both are empty when all is well. */
export interface Comparison {
  readonly missed: readonly string[];
  readonly false: readonly string[];
}

/**
 * Holds verdicts against what was injected. A fault is found by exactly one stretch of `fail`, of its class, amount and
 * point, left again by a `pass` where something mends it. Nothing else may fail, but the baseline. What was unobservable
 * meanwhile is left out, and so is what could not be done in time. `of` limits both sides to some keys.
 */
export function compare(
  truth: ComparedTruth,
  verdicts: readonly JudgedVerdict[],
  of = (_key: string) => true,
): Comparison {
  const isSure = (key: string) => of(key) && !truth.doubtful.includes(key);
  const found = sequences(verdicts.filter(({ key }) => isSure(key)));
  const faults = truth.faults.filter(({ key }) => isSure(key));
  const baseline = truth.baseline.filter(({ key }) => isSure(key));
  const missed = faults.flatMap((fault) => {
    const sequence = found.get(`${fault.key} ${fault.currency}`) ?? [];
    return isFound(fault, sequence) ? [] : [`${JSON.stringify(fault)}: ${sequence.map(shown).join(", ") || "nothing"}`];
  });
  for (const { key, currency, class: cause } of baseline) {
    const first = found.get(`${key} ${currency}`)?.[0];
    if (first?.class !== cause || !first.baseline) missed.push(`baseline ${cause} ${key} ${currency}`);
  }
  const known = new Set([...faults, ...baseline].map(({ key, currency }) => `${key} ${currency}`));
  const failing = [...found].filter(([name, all]) => !known.has(name) && all.some(({ status }) => status === "fail"));
  return { missed, false: failing.map(([name, all]) => `${name}: ${all.map(shown).join(", ")}`) };
}

/** Emitted verdicts by key and currency, in order, without `unobservable` and without what repeats after it. */
function sequences(verdicts: readonly JudgedVerdict[]): Map<string, JudgedVerdict[]> {
  const all = new Map<string, JudgedVerdict[]>();
  for (const verdict of verdicts.toSorted((left, right) => left.version - right.version)) {
    const name = `${verdict.key} ${verdict.currency}`;
    const own = all.get(name) ?? [];
    all.set(name, own);
    const last = own.at(-1);
    const isRepeated =
      last?.status === verdict.status && last.class === verdict.class && last.atRisk === verdict.atRisk;
    if (verdict.status !== "unobservable" && !isRepeated) own.push(verdict);
  }
  return all;
}

function isFound(fault: ComparedFault, sequence: readonly JudgedVerdict[]): boolean {
  // A key that could not be seen may say pass or pending first, because it left `unobservable` for that.
  const from = sequence.findIndex(({ status }) => status === "fail");
  const [first, ...rest] = from < 0 ? [] : sequence.slice(from);
  if (first === undefined || first.class !== fault.class || first.baseline) return false;
  if (minor(first.atRisk) !== minor(fault.atRisk)) return false;
  if (first.time < fault.failsFrom || first.time > fault.failsBy) return false;
  const after = rest.map(({ status }) => status);
  return fault.resolves ? after.length === 1 && after[0] === "pass" : after.length === 0;
}

function minor(amount: string): bigint | null {
  const { unscaled, scale } = parseDecimal(amount)!;
  return rescale(unscaled, scale, 6);
}

function shown({ status, class: cause, atRisk, time }: JudgedVerdict): string {
  return `${status} ${cause ?? ""} ${atRisk} at ${new Date(time).toISOString()}`;
}
