import { displayKey, type Key } from "../../base/key.ts";
import type { AlertRecord, VerdictRecord } from "../../schemas/contracts.ts";

/** What a run brought out, as cases write it: lines by output and key, in their order. */
export class Outcome {
  readonly lines = new Map<string, Map<string, string[]>>();

  verdict({ check, key, time, version, status, class: cause, atRisk, currency, period, note }: VerdictRecord): void {
    const what = cause === null ? `${status} ${currency}` : `${status} ${cause} ${atRisk} ${currency}`;
    const window = period === "" ? "" : ` in the window of ${period}`;
    this.#add(
      check,
      displayKey(key),
      `${timeText(time)} v${version}: ${what}${window}${note === null ? "" : ` (${note})`}`,
    );
  }

  alert({ check, key, time, action, class: cause, lateByMs }: AlertRecord): void {
    const late = lateByMs === null ? "" : `, ${lateByMs / 60_000} minutes late`;
    this.#add(alertsOf(check), displayKey(key), `${timeText(time)} alert ${action}: ${cause}${late}`);
  }

  /** A row of a sink; its field `key` is what its order is by. */
  row(sink: string, row: Readonly<Record<string, unknown>>): void {
    const { key, ...rest } = row;
    const fields = Object.entries(rest).map(([name, value]) => `${name}=${shownValue(value)}`);
    this.#add(sink, displayKey(key as Key), fields.join(" "));
  }

  /** How many lines there are. */
  get size(): number {
    return [...this.lines.values()].flatMap((keys) => [...keys.values()]).reduce((sum, { length }) => sum + length, 0);
  }

  #add(output: string, key: string, line: string): void {
    const keys = this.lines.get(output) ?? new Map<string, string[]>();
    this.lines.set(output, keys.set(key, [...(keys.get(key) ?? []), line]));
  }
}

/** The output that a check's alerts are told under. */
export const alertsOf = (check: string): string => `${check} alerts`;

/** The lines of some outputs as `Expected` has them, keys in order. */
export function plainly(outcome: Outcome, outputs: (name: string) => boolean = () => true) {
  const sorted = <T>(entries: Iterable<[string, T]>) =>
    Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
  const chosen = [...outcome.lines].filter(([name]) => outputs(name));
  return sorted(chosen.map(([name, keys]): [string, object] => [name, sorted(keys)]));
}

/** Times of cases are of one day mostly, and of whole minutes. */
export function timeText(time: number): string {
  return new Date(time).toISOString().replace(/^2026-03-02T|:00\.000Z$|\.000Z$/g, "");
}

/** Numbers from here on are times. */
const FIRST_TIME = Date.parse("2026-01-01");

function shownValue(value: unknown): string {
  if (typeof value === "number" && value > FIRST_TIME) return timeText(value);
  if (typeof value !== "object" || value === null) return String(value);
  const { minor, currency, ...rest } = value as Record<string, unknown>;
  if (minor !== undefined && Object.keys(rest).length === 0) return `${minor} ${currency}`;
  return JSON.stringify(value, (_, each) => (typeof each === "bigint" ? String(each) : each));
}
