import { displayKey } from "../../base/key.ts";
import { abs, exponentOf, pow10, rescale } from "../../base/money.ts";
import type { Field, Fields, MoneyValue } from "../../dataflow/model.ts";
import { fieldText } from "../evidence.ts";
import type { Write } from "./transaction.ts";

/** The fields of the audited model, with their names, in order. */
export type NamedFields = readonly (readonly [name: string, field: Field])[];

export const namedFields = (fields: Fields): NamedFields => Object.entries(fields);

/** Names of the fields that a write changed; all of them where the row was not there or is not any more. */
export function changedFields({ before, after }: Write, fields: NamedFields): string[] {
  const names = fields.map(([name]) => name);
  if (before === null || after === null) return names;
  return names.filter((_, i) => !isSame(before[i], after[i]));
}

/** Whether two values of a field are equal. */
export function isSame(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return left === right;
  const [one, other] = [left as MoneyValue, right as MoneyValue];
  return one.minor === other.minor && one.currency === other.currency;
}

/** The text of a value as a job's author writes it: of a key without its quote; empty for null. */
export function plainText(value: unknown): string {
  const text = String(value ?? "");
  return text.startsWith("'") ? text.slice(1) : text;
}

/**
 * Money that writes moved, by currency in order of code: how far amounts changed, those that came and went as a whole, and
 * in its former currency what only got another one. In minor units of the currency, rounded up where the model's are finer.
 */
export function moneyMoved(writes: readonly Write[], fields: NamedFields): ReadonlyMap<string, bigint> {
  const moved = new Map<string, bigint>();
  const add = (currency: string, minor: bigint, scale: number | undefined) => {
    const own = exponentOf(currency) ?? 0;
    const size = rescale(abs(minor), scale ?? own, own, "up")!;
    if (size > 0n) moved.set(currency, (moved.get(currency) ?? 0n) + size);
  };
  for (const { operation, isBeforeKnown, before, after } of writes) {
    // How far it moved cannot be told.
    if (operation === "update" && !isBeforeKnown) continue;
    for (const [i, [, { kind, money }]] of fields.entries()) {
      if (kind !== "money") continue;
      const [was, is] = [before?.[i], after?.[i]] as (MoneyValue | null | undefined)[];
      if (was && is?.currency === was.currency) add(is.currency, is.minor - was.minor, money?.scale);
      else if (was && is && isSameAmount(was, is, money?.scale)) add(was.currency, was.minor, money?.scale);
      else for (const value of [was, is]) if (value) add(value.currency, value.minor, money?.scale);
    }
  }
  return new Map([...moved].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Whether amounts of two currencies are the same number. `scale`: that of the model; undefined for each currency's own. */
function isSameAmount(one: MoneyValue, other: MoneyValue, scale: number | undefined): boolean {
  const pointOf = ({ currency }: MoneyValue) => scale ?? exponentOf(currency) ?? 0;
  return one.minor * pow10(pointOf(other)) === other.minor * pow10(pointOf(one));
}

/** Writes that a note shows at most. */
const MOST_SHOWN = 5;

/** Writes for people: rows with what they were and what they are. */
export function writesText(writes: readonly Write[], fields: NamedFields): string {
  const shown = writes.slice(0, MOST_SHOWN).map((write) => writeText(write, fields));
  const more = writes.length - MOST_SHOWN;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}

function writeText(write: Write, fields: NamedFields): string {
  const { operation, row, before, after, isBeforeKnown } = write;
  const name = displayKey(row);
  const unknown = isBeforeKnown ? "" : ", what it was is not known";
  if (operation !== "update" || before === null || after === null)
    return `${name} ${PAST[operation]}${unknown}${valuesText(before ?? after, fields)}`;
  const changes = fields.flatMap(([field, declared], i) => {
    if (isSame(before[i], after[i])) return [];
    return [`${field} ${fieldText(declared, before[i]) ?? "null"} → ${fieldText(declared, after[i]) ?? "null"}`];
  });
  return changes.length === 0 ? `${name} written as it was` : `${name}: ${changes.join(", ")}`;
}

const PAST = { insert: "inserted", update: "updated", delete: "deleted" } as const;

function valuesText(values: readonly unknown[] | null, fields: NamedFields): string {
  const texts = fields.flatMap(([field, declared], i) => {
    const text = fieldText(declared, values?.[i]);
    return text === null ? [] : [`${field} ${text}`];
  });
  return texts.length === 0 ? "" : ` (${texts.join(", ")})`;
}
