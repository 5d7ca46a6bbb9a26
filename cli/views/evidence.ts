import { displayKey } from "../../base/key.ts";
import { formatDecimal, parseDecimal, rescale } from "../../base/money.ts";
import { formatDuration } from "../../base/time.ts";
import type { Contribution, VerdictRecord } from "../../schemas/contracts.ts";
import { flowed, printable, shortened, shortTime, table } from "../table.ts";
import { terminal } from "../terminal.ts";

type Side = VerdictRecord["legs"][number]["side"];

/** The evidence of one verdict: what was said and why, the equation with its amounts, and the rows behind them. */
export function evidenceText(verdict: VerdictRecord): string {
  const { bold } = terminal.colors;
  const { check, key, currency, version, rule } = verdict;
  const because = whyText(verdict);
  return [
    bold(printable(`${check}  key ${displayKey(key)}  ${currency}  version ${version}`)),
    `  verdict     ${statusText(verdict)}, at ${shortTime(verdict.time)}`,
    ...(because === "" ? [] : [`  because     ${printable(because)}`]),
    printable(`  rule        ${rule.expression}   (version ${rule.version}, hash ${rule.hash})`),
    printable(`  expected    ${sideText(verdict, "expect")}`),
    printable(`  actual      ${sideText(verdict, "actual")}`),
    ...elsewhere(verdict).map((text) => printable(`  instead     ${text}`)),
    `  bounds      at least ${verdict.lower} must have come by then, at most ${verdict.upper} may have`,
    `  difference  ${differenceText(verdict)}`,
    "",
    contributionsText(verdict.contributions),
    ...(verdict.omitted === 0 ? [] : [`and ${verdict.omitted} more rows (digest over all: ${verdict.digest})`]),
  ].join("\n");
}

function statusText({ status, class: cause, baseline }: VerdictRecord): string {
  const { red, green, yellow } = terminal.colors;
  const color = status === "fail" ? red : status === "pass" ? green : yellow;
  return color(printable(cause === null ? status : `${status}: ${cause}`)) + (baseline ? " (baseline)" : "");
}

/** Why it was said, in a sentence or two; the reason that the check gave, if any, at their end. */
function whyText(verdict: VerdictRecord): string {
  const texts = [
    causeText(verdict),
    ...(verdict.baseline ? ["It was overdue before the log begins, so no alert was opened."] : []),
    ...(verdict.reason === null ? [] : [verdict.reason]),
  ];
  return texts.filter((text) => text !== "").join(" ");
}

function causeText(verdict: VerdictRecord): string {
  const { currency } = verdict;
  const expected = deadlineText(verdict, "expect", currency);
  switch (verdict.class) {
    case "missing":
      return `Nothing came, and it was due${expected}.`;
    case "under-charge":
      return `Less came than was due${expected}.`;
    case "over-charge":
      return "More came than may come for what is expected.";
    case "unknown-payment":
      return `Something came, but nothing was expected in any currency${deadlineText(verdict, "actual", currency)}.`;
    case "currency-mismatch":
      return `Due in ${currency}${expected}, but what came is in another currency.`;
    case "unknown-after-retention":
      return "Something came for a key whose history is no longer kept; a person must look at it.";
    default:
      return verdict.status === "pass" && verdict.version > 1 ? mendedText(verdict) : "";
  }
}

/** ` by 2026-03-02T04:52:02Z`: the first deadline of a side that was over. */
function deadlineText({ legs, contributions, time }: VerdictRecord, side: Side, currency: string): string {
  const due = firstDue(
    contributions.filter((row) => sideOf(legs, row) === side && row.amount.endsWith(` ${currency}`)),
  );
  return due <= time ? ` by ${shortTime(due)}` : "";
}

/** A row that came longer before a verdict than this, which is more than clocks are apart, is not what led to it. */
const CAUSES_WITHIN_MS = 60_000;

/** That it adds up again, and how late the row was that made it so; something taken away has no such row. */
function mendedText({ contributions, time }: VerdictRecord): string {
  const last = Math.max(...contributions.map((row) => row.time ?? Number.NEGATIVE_INFINITY));
  if (last < time - CAUSES_WITHIN_MS) return "It adds up again.";
  const late = last - firstDue(contributions);
  const lateText = late > 0 ? `, ${formatDuration(late)} after the first deadline` : "";
  return `It adds up again since the change of ${shortTime(last)}${lateText}.`;
}

function firstDue(contributions: readonly Contribution[]): number {
  return Math.min(...contributions.map((row) => row.dueAt));
}

function sideOf(legs: VerdictRecord["legs"], { leg }: Contribution): Side | undefined {
  return legs.find((known) => known.leg === leg)?.side;
}

/** `captured 49.81 - refunded 3.61 = 46.20`. */
function sideText({ legs, rule }: VerdictRecord, side: Side): string {
  const ofSide = legs.filter((leg) => leg.side === side);
  return equation(ofSide, rule.expression);
}

type Term = Pick<VerdictRecord["legs"][number], "leg" | "total">;

/** Terms with their signs, and their sum; terms of nothing keep the sign that they have in the rule. */
function equation(terms: readonly Term[], rule: string): string {
  const words = rule.split(" ");
  const texts = terms.map(({ leg, total }, i) => {
    const isNothing = !/[1-9]/.test(total);
    const isMinus = isNothing ? words[words.indexOf(leg) - 1] === "-" : total.startsWith("-");
    const sign = isMinus ? "- " : i === 0 ? "" : "+ ";
    return `${sign}${leg} ${total.replace("-", "")}`;
  });
  return `${texts.join(" ")} = ${sumOf(terms.map((term) => term.total))}`;
}

function sumOf(amounts: readonly string[]): string {
  const decimals = amounts.map((amount) => parseDecimal(amount) ?? { unscaled: 0n, scale: 0 });
  const scale = Math.max(0, ...decimals.map((decimal) => decimal.scale));
  const sum = decimals.reduce((total, decimal) => total + rescale(decimal.unscaled, decimal.scale, scale)!, 0n);
  return formatDecimal(sum, scale);
}

/** What came in other currencies, where that is what is wrong: `settled 109728 + fees 1877 = 111605 JPY`. */
function elsewhere({ class: cause, currency, legs, contributions, rule }: VerdictRecord): string[] {
  if (cause !== "currency-mismatch") return [];
  const came = contributions
    .filter((row) => sideOf(legs, row) === "actual")
    .map(({ leg, amount }) => {
      const [number, code] = amount.split(" ") as [string, string];
      return { leg, number, code };
    });
  const codes = [...new Set(came.map((row) => row.code))].filter((code) => code !== currency);
  return codes.map((code) => {
    const rows = came.filter((row) => row.code === code);
    const names = [...new Set(rows.map((row) => row.leg))];
    const terms = names.map((leg) => ({
      leg,
      total: sumOf(rows.filter((row) => row.leg === leg).map((row) => row.number)),
    }));
    return `${equation(terms, rule.expression)} ${code}`;
  });
}

function differenceText({ status, class: cause, atRisk, currency }: VerdictRecord): string {
  const amount = `${atRisk} ${currency}`;
  switch (cause) {
    case "missing":
    case "under-charge":
      return `${amount} less than is due`;
    case "over-charge":
      return `${amount} more than may come`;
    case "unknown-payment":
      return `${amount} that nothing was expected for`;
    case "currency-mismatch":
      return `${amount} of which nothing came in ${currency}`;
    case "unknown-after-retention":
      return `${amount} that cannot be explained`;
    default:
      return status === "pass" ? "none" : `${amount} at risk`;
  }
}

const LONGEST_ROW = 44;

/** A line per row and leg, and what the row says beneath the first of them. */
function contributionsText(contributions: readonly Contribution[]): string {
  if (contributions.length === 0) return "No row contributes.";
  const titles = ["row", "time", "due"].map((title) => ({ title }));
  const text = table(
    [{ title: "leg" }, { title: "amount", align: "right" }, ...titles],
    contributions.map(({ leg, source, table: name, row, time, dueAt, amount }) => [
      leg,
      amount,
      shortened(`${source}.${name} ${displayKey(row)}`, LONGEST_ROW),
      time === null ? "initial snapshot" : shortTime(time),
      shortTime(dueAt),
    ]),
  );
  const [title, ...lines] = text.split("\n");
  const shown = new Set<string>();
  const rows = lines.flatMap((line, i) => {
    const { source, table: name, row, position, fields } = contributions[i]!;
    const id = `${source}/${name}/${row}/${position}`;
    if (shown.has(id)) return [line];
    shown.add(id);
    const says = Object.entries(fields).map(([field, value]) => printable(`${field}=${value.replace(".000Z", "Z")}`));
    return [line, ...flowed([`position ${position}`, ...says], "    ")];
  });
  return [title, ...rows].join("\n");
}
