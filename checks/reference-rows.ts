import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../base/time.ts";
import type { RowEvidence } from "./row-set.ts";

/** A row as it was for a time. */
interface Version {
  readonly from: RowEvidence;
  readonly since: number;
  /** When it was changed or deleted; +∞ while it is as it is. */
  until: number;
}

/**
 * Rows that every key is judged with, such as tickets: whole small tables, on every worker. A key is judged by what they
 * were at its point; their changes judge no key anew.
 */
export class ReferenceRows {
  #versions: Version[] = [];
  /** The rows at points from one change on, until before the next. */
  #known: { readonly from: number; readonly until: number; readonly rows: readonly RowEvidence[] } | undefined;

  /** Takes a change at its time: `isAdd` false where the row is no longer so. */
  change(isAdd: boolean, from: RowEvidence, time: number): void {
    this.#known = undefined;
    if (isAdd) {
      this.#versions.push({ from, since: time, until: Number.POSITIVE_INFINITY });
      return;
    }
    const last = this.#versions.findLast(({ from: own, until }) => own.id === from.id && until > time);
    if (last !== undefined) last.until = time;
  }

  /** The rows as they are once all changes at or before a point have been taken; the same list while they are the same. */
  at(point: number): readonly RowEvidence[] {
    const known = this.#known;
    if (known !== undefined && point >= known.from && point < known.until) return known.rows;
    const times = this.#versions.flatMap(({ since, until }) => [since, until]);
    const from = times.reduce((last, time) => (time <= point ? Math.max(last, time) : last), BEFORE_ALL_TIME);
    const until = times.reduce((next, time) => (time > point ? Math.min(next, time) : next), Number.POSITIVE_INFINITY);
    const rows = this.#versions.flatMap((own) => (own.since <= point && own.until > point ? [own.from] : []));
    this.#known = { from, until, rows };
    return rows;
  }

  /** Forgets what no row was at or after a time. */
  forgetBefore(time: number): void {
    if (this.#versions.some(({ until }) => until < time))
      this.#versions = this.#versions.filter((v) => v.until >= time);
  }

  save(out: ByteWriter): void {
    out.text(JSON.stringify(this.#versions, toJson));
  }

  /** Takes in what `save` wrote. `inputs`: by number at that time, their numbers now. */
  restore(input: ByteReader, inputs: readonly number[]): void {
    this.#known = undefined;
    const versions = JSON.parse(input.text(), fromJson) as readonly Version[];
    this.#versions = versions.map(({ from, since, until }) => {
      const now = inputs[from.input]!;
      const id = `${now}/${from.table}/${from.row}`;
      return { from: { ...from, id, input: now }, since, until };
    });
  }
}

/** JSON has neither big integers nor infinite times. */
function toJson(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return { $big: String(value) };
  if (value === Number.POSITIVE_INFINITY) return { $end: 1 };
  return value === BEFORE_ALL_TIME ? { $end: -1 } : value;
}

function fromJson(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$big" in value) return BigInt(value.$big as string);
  return "$end" in value ? Number(value.$end) * Number.POSITIVE_INFINITY : value;
}
