import { messageOf, raise } from "../../base/errors.ts";
import { idOf } from "../../base/hash.ts";
import { exponentOf, pow10 } from "../../base/money.ts";
import { hours } from "../../base/time.ts";
import type { Id, MoneyValue } from "../../dataflow/model.ts";
import type { Entry, RowEvidence } from "../row-set.ts";
import { type CheckRule, type Judgement, type KeyView, type RuleLeg, type RuleSettings, scaleOf } from "../rule.ts";
import type { CustomContext, UntypedCustomSpec } from "./custom.ts";
import { judgementsOf } from "./finding.ts";
import { type StateValue, stateOf, stateText } from "./state-text.ts";

/** What a check by a function has of its own. */
export interface CustomOwn extends Pick<UntypedCustomSpec, "judge"> {
  readonly by: readonly string[];
  /** What a key's state begins with. */
  readonly state: StateValue;
  /** Names of the fields of each input's rows, in order. */
  readonly fields: readonly (readonly string[])[];
}

/** How long after a point at which the function failed the key is judged again, though nothing has changed. */
const RETRY_MS = hours(1);

/** A check by a job's own function of the rows of a key. */
export class CustomRule implements CheckRule {
  readonly kind = "custom";
  readonly isOfSums = false;
  readonly uid: string;
  readonly legs: readonly RuleLeg[];
  readonly skewMs: number;
  readonly version: number;
  readonly retainMs: number;
  readonly emitAll: boolean;
  readonly expression: string;
  readonly settings: string;
  readonly #own: CustomOwn;
  readonly #initial: string;
  /** Rows as the function sees them, made once for each version of a row that stays in memory. */
  readonly #shown = new WeakMap<RowEvidence, object>();

  constructor(settings: RuleSettings, own: CustomOwn) {
    this.uid = settings.uid;
    this.legs = settings.legs;
    this.skewMs = settings.skewMs;
    this.version = settings.version;
    this.retainMs = settings.retainMs;
    this.emitAll = settings.emitAll;
    this.#own = own;
    this.#initial = stateText(own.state);
    this.expression = `judge(${settings.legs.map(({ name }) => name).join(", ")}) by ${own.by.join(", ")}`;
    this.settings = JSON.stringify(["custom", own.by, this.#initial, idOf(String(own.judge))]);
  }

  /** What the function throws, and what is no finding, is a CHECK_FUNCTION_FAILED. */
  judge(key: KeyView): readonly Judgement[] {
    const kept = memoryOf(key.own);
    // A key that is judged at one point again is judged with what it had there, so that it has one state at each.
    const before = kept?.point === key.point ? kept.before : (kept?.after ?? this.#initial);
    const entries = new Map<object, Entry>();
    const context = this.#context(key, before, entries);
    try {
      const judgements = judgementsOf(this.#own.judge(this.#rows(key, entries), context), (money) =>
        this.#minorOf(money),
      );
      const after = stateText(context.state);
      key.own = after === this.#initial && before === after ? "" : JSON.stringify([key.point, before, after]);
      return judgements;
    } catch (error) {
      key.wakeAt = key.point + RETRY_MS;
      return raise(
        "CHECK_FUNCTION_FAILED",
        { uid: this.uid, key: key.key, reason: messageOf(error) },
        { cause: error },
      );
    }
  }

  missedDeadline(): null {
    return null;
  }

  /** What the function makes of rows is not known: any row could undo what it found. */
  restsOn(): boolean {
    return true;
  }

  lateSide(): RuleLeg["side"] {
    return "actual";
  }

  /** The rows of each leg, in an order that does not depend on how they came. */
  #rows(key: KeyView, entries: Map<object, Entry>): Readonly<Record<string, readonly object[]>> {
    const sorted = key.entries.toSorted((one, other) => changedAt(one) - changedAt(other) || byId(one, other));
    const rows: Record<string, object[]> = {};
    for (const { name } of this.legs) rows[name] = [];
    for (const entry of sorted) {
      const row = this.#rowOf(entry.from);
      entries.set(row, entry);
      rows[this.legs[entry.leg]!.name]!.push(row);
    }
    return rows;
  }

  #rowOf(from: RowEvidence): object {
    const known = this.#shown.get(from);
    if (known !== undefined) return known;
    const names = this.#own.fields[from.input]!;
    const row = Object.freeze(Object.fromEntries(names.map((name, i) => [name, from.fields[i] ?? null])));
    this.#shown.set(from, row);
    return row;
  }

  #context(key: KeyView, state: string, entries: ReadonlyMap<object, Entry>): CustomContext<StateValue> {
    const entryOf = (row: object): Entry => {
      const entry = entries.get(row);
      if (entry === undefined) throw new TypeError("it asks about a row that it was not given");
      return entry;
    };
    return {
      key: key.key as Id,
      point: key.point,
      state: stateOf(state) as StateValue,
      isDue: (row) => key.isDue(entryOf(row)),
      changedAt: (row) => changedAt(entryOf(row)),
    };
  }

  /** An amount in the units that the currency's verdicts are told in. */
  #minorOf({ minor, currency }: MoneyValue): bigint {
    const declared = this.legs[0]!.scale ?? exponentOf(currency)!;
    return minor * pow10(scaleOf(this, currency).scale - declared);
  }
}

/** What is kept of a key: its last point, with the state before and after it. */
function memoryOf(
  own: string,
): { readonly point: number; readonly before: string; readonly after: string } | undefined {
  if (own === "") return undefined;
  const [point, before, after] = JSON.parse(own) as [number, string, string];
  return { point, before, after };
}

function changedAt({ from: { seed, time } }: Entry): number {
  return seed ?? time;
}

function byId({ from: { id: one } }: Entry, { from: { id: other } }: Entry): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
