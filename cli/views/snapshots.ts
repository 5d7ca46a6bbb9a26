import { displayKey } from "../../base/key.ts";
import { formatTime } from "../../base/time.ts";
import type { ContributionRecord, VerdictRecord } from "../../schemas/contracts.ts";
import { printable, table } from "../table.ts";
import { terminal } from "../terminal.ts";

/** The evidence of one verdict: what was said, the equation with its legs, and the rows behind them. */
export function evidenceText(verdict: VerdictRecord): string {
  const { bold } = terminal.colors;
  const { check, key, currency, version, rule } = verdict;
  return [
    bold(printable(`${check}  key ${displayKey(key)}  ${currency}  version ${version}`)),
    `  verdict     ${statusText(verdict)}, at ${formatTime(verdict.time)}`,
    ...(verdict.reason === null ? [] : [`  because     ${printable(verdict.reason)}`]),
    printable(`  rule        ${rule.expression}   (version ${rule.version}, hash ${rule.hash})`),
    `  expected    ${legsText(verdict, "expect")}`,
    `  actual      ${legsText(verdict, "actual")} = ${verdict.actual}`,
    `  bounds      at least ${verdict.lower} must have come by then, at most ${verdict.upper}`,
    `  difference  ${verdict.atRisk} ${currency} at risk`,
    "",
    contributionsTable(verdict.contributions),
    ...(verdict.omitted === 0 ? [] : [`and ${verdict.omitted} more rows (digest over all: ${verdict.digest})`]),
  ].join("\n");
}

/** Emitted verdicts, a line each, and how to see more. */
export function scanText(verdicts: readonly VerdictRecord[], next: string | null): string {
  if (verdicts.length === 0) return "No verdicts.";
  const rows = verdicts.map((verdict) => {
    const { time, check, key, currency, version, status, class: cause, baseline, atRisk } = verdict;
    const what = cause === null ? "" : baseline ? `${cause} (baseline)` : cause;
    return [formatTime(time), check, displayKey(key), String(version), status, what, `${atRisk} ${currency}`];
  });
  const titles = ["time", "check", "key", "version", "verdict", "class"].map((title) => ({ title }));
  const text = table([...titles, { title: "at risk", align: "right" }], rows);
  return next === null ? text : `${text}\nMore: --after ${next}`;
}

function statusText({ status, class: cause, baseline }: VerdictRecord): string {
  const { red, green, yellow } = terminal.colors;
  const color = status === "fail" ? red : status === "pass" ? green : yellow;
  return (
    color(printable(cause === null ? status : `${status}: ${cause}`)) +
    (baseline ? " (baseline: before the first change)" : "")
  );
}

/** `captured 15.51, refunded -3.00`, signed as the legs enter their side. */
function legsText({ legs }: VerdictRecord, side: "expect" | "actual"): string {
  return legs
    .filter((leg) => leg.side === side)
    .map(({ leg, total }) => printable(`${leg} ${total}`))
    .join(", ");
}

function contributionsTable(contributions: readonly ContributionRecord[]): string {
  if (contributions.length === 0) return "No row contributes.";
  const titles = ["leg", "source", "table", "row", "position", "time", "due"].map((title) => ({ title }));
  return table(
    [...titles, { title: "amount", align: "right" }, { title: "fields" }],
    contributions.map(({ leg, source, table: name, row, position, time, dueAt, amount, fields }) => [
      leg,
      source,
      name,
      displayKey(row),
      position,
      time === null ? "initial snapshot" : formatTime(time),
      formatTime(dueAt),
      amount,
      Object.entries(fields)
        .map(([field, value]) => `${field}=${value}`)
        .join(" "),
    ]),
  );
}
