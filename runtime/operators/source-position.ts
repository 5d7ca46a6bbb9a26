import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { ChangeColumns } from "../../dataflow/change-layout.ts";

/** The newest position that was seen of a source; shared by all its row stages. */
export interface SourcePosition {
  major: number;
  minor: number;
  sub: number;
  time: number;
  readonly longestTransactionMs: number;
}

/** Before anything was seen of a source. */
export function noPosition(longestTransactionMs: number): SourcePosition {
  return { major: -1, minor: -1, sub: -1, time: BEFORE_ALL_TIME, longestTransactionMs };
}

/** Writes a position, for `takePosition`. */
export function savePosition({ major, minor, sub, time }: SourcePosition, out: ByteWriter): void {
  for (const part of [major, minor, sub, time]) out.float64(part);
}

/** Takes in a position that was saved, where it is newer. */
export function takePosition(input: ByteReader, source: SourcePosition): void {
  const [major, minor, sub, time] = [input.float64(), input.float64(), input.float64(), input.float64()];
  note(major, minor, sub, source);
  source.time = Math.max(source.time, time);
}

/**
 * True when the position lies far behind the source's newest (by more than a whole binlog file, or 4 GiB of WAL)
 * although its time lies beyond what any transaction that was open then could have: no order of reading explains that.
 * Less than that is left to the row's own position: PostgreSQL's changes carry the place where they were written but
 * the time at which they were committed, so near positions prove nothing across rows.
 */
export function goesBack(change: ChangeColumns, row: number, time: number, source: SourcePosition): boolean {
  const majors = source.major - change.major.values[row]!;
  const far = majors > 1 || (majors === 1 && change.minor.values[row]! < source.minor);
  return far && time > source.time + source.longestTransactionMs;
}

/** Event time of a change, or the time of the seed for a row of the seed. */
export function timeOf(change: ChangeColumns, row: number): number {
  const time = change.time.values[row]!;
  return time === BEFORE_ALL_TIME ? change.seed.values[row]! : time;
}

/** Takes note of a change's position, and of its time where the position is newer. */
export function notePosition(change: ChangeColumns, row: number, time: number, source: SourcePosition): void {
  const isNewer = note(change.major.values[row]!, change.minor.values[row]!, change.sub.values[row]!, source);
  if (isNewer) source.time = Math.max(source.time, time);
}

function note(major: number, minor: number, sub: number, source: SourcePosition): boolean {
  if ((major - source.major || minor - source.minor || sub - source.sub) <= 0) return false;
  source.major = major;
  source.minor = minor;
  source.sub = sub;
  return true;
}
