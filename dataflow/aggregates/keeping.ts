import type { FieldKind } from "../model.ts";
import { doubleSlot, nullable, type Slot, type SlotType, textSlot, wholeSlot } from "./slots.ts";

/**
 * How one thing is kept of the rows' values of one field, in code: `acc` is the accumulator, `v` the row's value, which
 * is not null, `time` its event time. Code refers to the functions of `helpers.ts` by `h`.
 */
export interface Keeping {
  readonly slots: readonly Slot[];
  /** The code reads `v`. */
  readonly readsValue: boolean;
  readonly add: string;
  /** Undefined where rows cannot be taken back. */
  readonly retract?: string;
  /** Counts `from` in. */
  readonly merge: string;
}

/** How many values, or rows, there are. */
export function keepCount(name: string): Keeping {
  return {
    slots: [{ name, type: wholeSlot }],
    readsValue: false,
    add: `acc.${name} += 1;`,
    retract: `acc.${name} -= 1;`,
    merge: `acc.${name} += from.${name};`,
  };
}

/** The sum of integers, of amounts in minor units, or of numbers. */
export function keepSum(name: string, kind: FieldKind): Keeping {
  if (kind === "number") {
    return {
      slots: [{ name, type: doubleSlot }],
      readsValue: true,
      add: `acc.${name} += v;`,
      retract: `acc.${name} -= v;`,
      merge: `acc.${name} += from.${name};`,
    };
  }
  return {
    slots: [{ name, type: wholeSlot }],
    readsValue: true,
    add: `acc.${name} = h.addWhole(acc.${name}, v);`,
    retract: `acc.${name} = h.subtractWhole(acc.${name}, v);`,
    merge: `acc.${name} = h.addWhole(acc.${name}, from.${name});`,
  };
}

/** The least or greatest value, of rows that are never taken back. */
export function keepExtreme(name: string, kind: FieldKind, isGreatest: boolean): Keeping {
  const beats = (value: string, other: string) => beatsCode(kind, isGreatest, value, other);
  return {
    slots: [{ name, type: nullable(slotTypeOf(kind)) }],
    readsValue: true,
    add: `if (acc.${name} === null || ${beats("v", `acc.${name}`)}) acc.${name} = v;`,
    merge: `if (from.${name} !== null && (acc.${name} === null || ${beats(`from.${name}`, `acc.${name}`)})) acc.${name} = from.${name};`,
  };
}

/** The type of a slot that holds a value of a kind: money without a named currency is a text. */
export function slotTypeOf(kind: FieldKind): SlotType {
  switch (kind) {
    case "integer":
    case "money":
      return wholeSlot;
    case "number":
    case "instant":
      return doubleSlot;
    default:
      return textSlot;
  }
}

/** An expression: a value comes before another as least, or as greatest. NaN is above all numbers. */
function beatsCode(kind: FieldKind, isGreatest: boolean, value: string, other: string): string {
  const sign = isGreatest ? ">" : "<";
  switch (kind) {
    case "number":
      return isGreatest
        ? `(${value} > ${other} || ${value} !== ${value})`
        : `(${value} < ${other} || ${other} !== ${other})`;
    case "text":
      return `h.compareTexts(${value}, ${other}) ${sign} 0`;
    case "id":
      return `h.compareIds(${value}, ${other}) ${sign} 0`;
    default:
      return `${value} ${sign} ${other}`;
  }
}
