import { idOf } from "../../base/hash.ts";
import { displayKey } from "../../base/key.ts";
import { exponentOf, formatDecimal, parseDecimal, rescale } from "../../base/money.ts";
import { type ZoneClock, zoneClock } from "../../base/zone.ts";
import type { Field, MoneyValue } from "../../dataflow/model.ts";
import type { RowEvidence } from "../row-set.ts";

/** One of the two tables that must say the same. */
export type ReplicaSide = "old" | "new";

/** Where the sides have a field, and how values that look different are the same. */
export interface ComparedField {
  /** The old side's field, by which differences are named. */
  readonly name: string;
  /** Places among the fields of the models. */
  readonly place: Readonly<Record<ReplicaSide, number>>;
  readonly field: Readonly<Record<ReplicaSide, Field>>;
  /** What null is the same as, in canonical text; null where it is null alone. */
  readonly nullIs: string | null;
  /** The side whose times are those that local clocks showed, and their time zone; null where both are points in time. */
  readonly clock: { readonly side: ReplicaSide; readonly zone: string } | null;
}

/** A difference between two rows, for people. */
export interface Difference {
  readonly name: string;
  readonly old: string;
  readonly new: string;
}

interface ZonedField extends ComparedField {
  readonly zone: ZoneClock | null;
}

/** Brings rows of two tables to one form: what is the same in both has the same text. */
export class Comparison {
  readonly #fields: readonly ZonedField[];

  constructor(fields: readonly ComparedField[]) {
    this.#fields = fields.map((field) => ({ ...field, zone: field.clock && zoneClock(field.clock.zone) }));
  }

  /** The fields in which two rows differ, in the order of the rule. */
  differences(old: RowEvidence, replica: RowEvidence): Difference[] {
    const [left, right] = [this.#texts("old", old), this.#texts("new", replica)];
    return this.#fields.flatMap(({ name }, i) =>
      left[i] === right[i] ? [] : [{ name, old: left[i] ?? "null", new: right[i] ?? "null" }],
    );
  }

  /** A digest of all that is compared of a row: the same on both sides where nothing differs. */
  digest(side: ReplicaSide, row: RowEvidence): string {
    return idOf(...this.#texts(side, row).map((text) => (text === null ? "0" : `1${text}`))).slice(0, 16);
  }

  #texts(side: ReplicaSide, { fields }: RowEvidence): (string | null)[] {
    return this.#fields.map((compared) => {
      const value = fields[compared.place[side]];
      return value === null || value === undefined ? compared.nullIs : this.#text(compared, side, value);
    });
  }

  #text({ field, nullIs, clock, zone }: ZonedField, side: ReplicaSide, value: unknown): string {
    switch (field[side].kind) {
      case "id":
        return displayKey(value as string);
      case "instant": {
        // What a clock showed twice is not told apart: both are brought to what it showed.
        const shown = zone === null || clock!.side === side ? 0 : zone(value as number);
        const text = new Date((value as number) + shown).toISOString();
        return zone === null ? text : `${text.slice(0, -1)} ${clock!.zone}`;
      }
      case "money":
        return moneyText(value as MoneyValue, field, side, nullIs);
      default:
        return String(value);
    }
  }
}

/** An amount at the finer scale of both sides. One that null is the same as has no currency, as null has none. */
function moneyText(
  { minor, currency }: MoneyValue,
  field: ComparedField["field"],
  side: ReplicaSide,
  nullIs: string | null,
): string {
  const exponent = exponentOf(currency) ?? 0;
  const scaleOn = (of: ReplicaSide) => field[of].money?.scale ?? exponent;
  const scale = Math.max(scaleOn("old"), scaleOn("new"));
  const amount = rescale(minor, scaleOn(side), scale)!;
  const same = nullIs === null ? null : parseDecimal(nullIs);
  if (same !== null && rescale(same.unscaled, same.scale, scale) === amount) return nullIs!;
  return `${formatDecimal(amount, scale)} ${currency}`;
}
