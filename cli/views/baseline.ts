import { displayKey } from "../../base/key.ts";
import type { BaselineEntry } from "../../connectors/desk/records.ts";
import { Amounts, amountsText } from "../amounts.ts";
import { grouped, printable, table } from "../table.ts";

/** Failures of one check and class in one currency that were there before the first change was seen. */
export interface BaselineGroup {
  readonly check: string;
  readonly class: string;
  readonly currency: string;
  readonly count: number;
  /** Decimal text in currency units; `0` where nothing is. */
  readonly atRisk: string;
  /** The first of them, by key. */
  readonly sample: readonly Pick<BaselineEntry, "key" | "period" | "atRisk" | "time">[];
}

/** Entries that are shown of each group. */
const SAMPLE = 5;

/** Groups entries that come in the order of check, class and currency. */
export function baselineGroups(entries: Iterable<BaselineEntry>): BaselineGroup[] {
  const groups: BaselineGroup[] = [];
  const members: BaselineEntry[] = [];
  for (const entry of entries) {
    if (members[0] !== undefined && !isAlike(members[0], entry)) groups.push(groupOf(members.splice(0)));
    members.push(entry);
  }
  if (members.length > 0) groups.push(groupOf(members));
  return groups;
}

/** The report, for people. */
export function baselineText(groups: readonly BaselineGroup[], over: number): string {
  const settled = over === 0 ? "" : ` ${grouped(over)} that were there are over by now.`;
  if (groups.length === 0) return `Nothing was overdue before the first change was seen.${settled}`;
  const titles = ["check", "class", "keys", "at risk", "such as"];
  const columns = titles.map((title) => ({ title, ...(RIGHT.has(title) && { align: "right" as const }) }));
  const rows = groups.map(({ check, class: cause, count, currency, atRisk, sample }) => {
    const keys = sample.map(({ key }) => displayKey(key)).join(", ");
    return [check, cause, grouped(count), `${atRisk} ${currency}`, keys];
  });
  const all = new Amounts();
  for (const { currency, atRisk } of groups) all.add(currency, atRisk);
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const sum = printable(amountsText(all.toRecord()));
  const told = `Overdue before the first change was seen, and told to nobody: ${grouped(count)}, ${sum} at risk.`;
  return `${table(columns, rows)}\n\n${told}${settled}`;
}

const RIGHT: ReadonlySet<string> = new Set(["keys", "at risk"]);

function isAlike(one: BaselineEntry, other: BaselineEntry): boolean {
  return one.check === other.check && one.class === other.class && one.currency === other.currency;
}

function groupOf(entries: readonly BaselineEntry[]): BaselineGroup {
  const { check, class: cause, currency } = entries[0]!;
  const sum = new Amounts();
  for (const { atRisk } of entries) sum.add(currency, atRisk);
  const sample = entries.slice(0, SAMPLE).map(({ key, period, atRisk, time }) => ({ key, period, atRisk, time }));
  const atRisk = sum.toRecord()[currency] ?? "0";
  return { check, class: cause, currency, count: entries.length, atRisk, sample };
}
