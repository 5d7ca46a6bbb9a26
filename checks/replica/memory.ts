import type { ReplicaSide } from "./comparison.ts";

/** Former versions that are remembered of a side, the newest. */
const REMEMBERED = 8;

/** A version of a row that is over: when it ended, and the digest of what is compared. */
export type Former = readonly [endedAt: number, digest: string];

/** What is said of a key as long as its sides differ. */
export interface Told {
  readonly class: string;
  readonly note: string | null;
  /** Names of the fields that differ, where it is not the row as a whole. */
  readonly fields?: readonly string[] | undefined;
  /** The deadline that was missed, without skew. */
  readonly dueAt: number;
}

/** What is remembered of a key besides its rows. Nothing in it depends on which side is the primary one. */
export interface ReplicaMemory {
  readonly former: Readonly<Record<ReplicaSide, readonly Former[]>>;
  /** Time of the change since which the sides have differed; null while they are the same. */
  readonly since: number | null;
  /** How the key fails; null while it does not. */
  readonly told: Told | null;
}

const NOTHING: ReplicaMemory = { former: { old: [], new: [] }, since: null, told: null };

/** The memory that a text holds. */
export function readMemory(text: string): ReplicaMemory {
  if (text === "") return NOTHING;
  const [old, replica, since, told] = JSON.parse(text) as [Former[], Former[], number | null, Told | null];
  return { former: { old, new: replica }, since, told };
}

/** A memory as text. */
export function writeMemory({ former, since, told }: ReplicaMemory): string {
  const isEmpty = former.old.length === 0 && former.new.length === 0 && since === null && told === null;
  return isEmpty ? "" : JSON.stringify([former.old, former.new, since, told]);
}

/** The memory with one more version that is over. In whatever order versions of one time come, the same are kept. */
export function remember(memory: ReplicaMemory, side: ReplicaSide, version: Former): ReplicaMemory {
  const versions = [...memory.former[side], version].sort(byAge).slice(-REMEMBERED);
  return { ...memory, former: { ...memory.former, [side]: versions } };
}

function byAge([left, a]: Former, [right, b]: Former): number {
  return left - right || (a < b ? -1 : a > b ? 1 : 0);
}
