import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { Entry, RowEvidence } from "../row-set.ts";
import { type CheckRule, type Judgement, type KeyView, NO_MONEY, type RuleLeg, type RuleSettings } from "../rule.ts";
import type { Comparison, Difference, ReplicaSide } from "./comparison.ts";
import { type ReplicaMemory, readMemory, remember, type Told, writeMemory } from "./memory.ts";

/** Which side is written first, so that the other one follows. */
export type Direction = "oldToNew" | "newToOld";

/** What decides how two tables are compared. */
export interface ReplicaSettings extends RuleSettings, Pick<CheckRule, "expression" | "settings"> {
  readonly failAfterMs: number;
  readonly direction: Direction;
  readonly comparison: Comparison;
  /** True for rows with a deadline of their own: those that the back-fill brings, and those of a seed. */
  waits(entry: Entry): boolean;
}

/** The legs of the two sides. They are the same for both directions, and so is all that is kept of a key. */
export const LEGS: readonly ReplicaSide[] = ["old", "new"];

/** One business object in two tables: "C. Migration" of the semantics. */
export class ReplicaRule implements CheckRule {
  readonly kind = "replica";
  readonly isOfSums = false;
  readonly keepsLive = true;
  readonly uid: string;
  readonly legs: readonly RuleLeg[];
  readonly skewMs: number;
  readonly version: number;
  readonly retainMs: number;
  readonly emitAll: boolean;
  readonly expression: string;
  readonly settings: string;
  readonly #primary: ReplicaSide;
  readonly #lagging: ReplicaSide;
  readonly #own: ReplicaSettings;

  constructor(settings: ReplicaSettings) {
    this.uid = settings.uid;
    this.legs = settings.legs;
    this.skewMs = settings.skewMs;
    this.version = settings.version;
    this.retainMs = settings.retainMs;
    this.emitAll = settings.emitAll;
    this.expression = settings.expression;
    this.settings = settings.settings;
    this.#own = settings;
    [this.#primary, this.#lagging] = settings.direction === "oldToNew" ? ["old", "new"] : ["new", "old"];
  }

  /** A version that a side kept no longer may be what the other one still has. */
  ended(own: string, { leg, from }: Entry, time: number): string {
    const side = LEGS[leg]!;
    return writeMemory(remember(readMemory(own), side, [time, this.#own.comparison.digest(side, from)]));
  }

  /**
   * The sides are the same, or they have differed since some change. A side that has stood still since is late when its time
   * is over from that change on; where both have moved, they are compared once the key has been quiet for that time. What
   * fails stays as it was told until then, so that a key is not mended by being busy.
   */
  judge(key: KeyView): Judgement[] {
    const memory = readMemory(key.own);
    const rows = { old: rowsOf(key, "old"), new: rowsOf(key, "new") };
    const fault = this.#faultOf(rows, memory);
    key.wakeAt = Number.POSITIVE_INFINITY;
    if (fault === null) {
      key.own = writeMemory({ ...memory, since: null, told: null });
      return [judgement(null)];
    }
    const waiting = key.entries.filter((entry) => this.#own.waits(entry));
    // While the back-fill has time nobody is late, and what comes meanwhile has the usual time from then on.
    const isHeld = memory.told === null && waiting.some((entry) => !key.isDue(entry));
    const changes = { old: lastChange("old", rows, memory), new: lastChange("new", rows, memory) };
    const since = isHeld ? null : (memory.since ?? this.#firstOf(changes));
    const told = since === null ? null : this.#told(key, { ...memory, since }, changes, fault);
    key.own = writeMemory({ ...memory, since, told });
    return [told === null ? PENDING : judgement(told)];
  }

  missedDeadline(_: Judgement, key: KeyView): number | null {
    return readMemory(key.own).told?.dueAt ?? null;
  }

  /** Any row can make the sides the same again. */
  restsOn(): boolean {
    return true;
  }

  lateSide(cause: string): RuleLeg["side"] {
    if (cause === "missing-in-new") return "actual";
    if (cause === "missing-in-old") return "expect";
    return this.#lagging === "new" ? "actual" : "expect";
  }

  /** What is to be told of sides that differ, null while it is too early; says when to look again. */
  #told(key: KeyView, { since, told }: Differing, changes: LastChanges, fault: Fault): Told | null {
    const { failAfterMs } = this.#own;
    const now = key.point - this.skewMs;
    const quietAt = Math.max(changes.old, changes.new) + failAfterMs;
    const lateAt = Math.min(changes.old, changes.new) < since ? since + failAfterMs : quietAt;
    const next = [lateAt, quietAt].filter((time) => time > now);
    if (next.length > 0) key.wakeAt = Math.min(...next) + this.skewMs;
    if (told !== null && quietAt > now) return told;
    if (lateAt > now) return null;
    let dueAt = lateAt;
    for (const entry of key.entries) if (this.#own.waits(entry)) dueAt = Math.max(dueAt, entry.dueAt);
    const { class: cause, fields } = fault;
    return { class: cause, note: fault.note(), fields, dueAt: told?.dueAt ?? dueAt };
  }

  /** The change since which sides differ: the last one, or the first of two that clocks cannot tell apart. */
  #firstOf({ old, new: replica }: LastChanges): number {
    return Math.abs(old - replica) <= this.skewMs ? Math.min(old, replica) : Math.max(old, replica);
  }

  /** How the sides differ, null where they do not. */
  #faultOf(rows: Rows, { former }: ReplicaMemory): Fault | null {
    const [primary, lagging] = [this.#primary, this.#lagging];
    if (rows[primary].length > rows[lagging].length) return { class: `missing-in-${lagging}`, note: () => null };
    if (rows[lagging].length > rows[primary].length) {
      const deletedAt = rows[primary].length > 0 ? undefined : former[primary].at(-1)?.[0];
      if (deletedAt === undefined) return { class: `missing-in-${primary}`, note: () => null };
      return { class: "delete-not-propagated", note: () => `deleted in ${primary} at ${iso(deletedAt)}` };
    }
    if (rows.old.length !== 1) return this.#faultOfMany(rows);
    const { comparison } = this.#own;
    const differences = comparison.differences(rows.old[0]!, rows.new[0]!);
    if (differences.length === 0) return null;
    const kept = comparison.digest(lagging, rows[lagging][0]!);
    const version = former[primary].findLast(([, digest]) => digest === kept);
    const fields = differences.map(({ name }) => name);
    if (version === undefined) return { class: "field-differs", fields, note: () => noteOf(differences) };
    const until = `${lagging} has what ${primary} had until ${iso(version[0])}`;
    return { class: "stale", fields, note: () => `${noteOf(differences)}; ${until}` };
  }

  /** Several rows of one key on both sides, or none: they are the same when each has its like. */
  #faultOfMany(rows: Rows): Fault | null {
    const [old, replica] = LEGS.map((side) =>
      rows[side].map((row) => this.#own.comparison.digest(side, row)).sort(),
    ) as [string[], string[]];
    if (old.every((digest, i) => digest === replica[i])) return null;
    return { class: "field-differs", note: () => `${old.length} rows of the key on each side, which differ` };
  }
}

type Rows = Readonly<Record<ReplicaSide, readonly RowEvidence[]>>;
type LastChanges = Readonly<Record<ReplicaSide, number>>;
type Differing = ReplicaMemory & { readonly since: number };

/** A cause of failure; its note is made when it is told. */
interface Fault {
  readonly class: string;
  /** Names of those that differ, where it is not the row as a whole. */
  readonly fields?: readonly string[];
  note(): string | null;
}

function rowsOf(key: KeyView, side: ReplicaSide): RowEvidence[] {
  return key.entries.filter(({ leg }) => LEGS[leg] === side).map(({ from }) => from);
}

/** When a side changed last, its deletions too; −∞ where it never had anything. */
function lastChange(side: ReplicaSide, rows: Rows, { former }: ReplicaMemory): number {
  let last = former[side].at(-1)?.[0] ?? BEFORE_ALL_TIME;
  for (const { seed, time } of rows[side]) last = Math.max(last, seed ?? time);
  return last;
}

/** `balance differs: old 10.00 EUR, new 10.01 EUR`; `state, balance differ: state old active, new frozen; balance …`. */
function noteOf(differences: readonly Difference[]): string {
  const values = (difference: Difference) => `old ${difference.old}, new ${difference.new}`;
  const [first] = differences;
  if (differences.length === 1) return `${first!.name} differs: ${values(first!)}`;
  const all = differences.map((difference) => `${difference.name} ${values(difference)}`);
  return `${differences.map(({ name }) => name).join(", ")} differ: ${all.join("; ")}`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

const NO_AMOUNTS = { currency: NO_MONEY, period: "", lower: 0n, upper: 0n, actual: 0n, atRisk: 0n } as const;
const PENDING: Judgement = { ...NO_AMOUNTS, status: "pending", class: null, note: null };

function judgement(told: Told | null): Judgement {
  if (told === null) return { ...NO_AMOUNTS, status: "pass", class: null, note: null };
  return { ...NO_AMOUNTS, status: "fail", class: told.class, note: told.note, fields: told.fields };
}
