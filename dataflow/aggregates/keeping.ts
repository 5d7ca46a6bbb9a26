import type { FieldKind } from "../model.ts";
import {
  countsSlot,
  doubleSlot,
  flagSlot,
  idSlot,
  nullable,
  type Slot,
  type SlotType,
  textSlot,
  timedSlot,
  wholeSlot,
} from "./slots.ts";

/** The kind of a value as it is kept: of money the minor units, or, where its currency is not known, a text of both. */
export type ValueKind = FieldKind | "moneyText";

/**
 * How one thing is kept of the rows, or of the values of one field, in code: `acc` is the accumulator, `row` the row's
 * number, `time` its event time, `v` its value, which is not null. `h` are the functions of `helpers`.
 */
export interface Keeping {
  readonly slots: readonly Slot[];
  readonly add: string;
  /** Only where rows can be taken back. */
  readonly retract?: string;
  /** Counts `from` in. Not where rows can be taken back: such accumulators are never merged. */
  readonly merge?: string;
}

/** How many rows, or values, there are. */
export function keepCount(name: string): Keeping {
  return {
    slots: [{ name, type: wholeSlot }],
    add: `acc.${name} += 1;`,
    retract: `acc.${name} -= 1;`,
    merge: `acc.${name} += from.${name};`,
  };
}

/** The sum of integers, of minor units, or of numbers; where the count of them is 0, it is 0 again. */
export function keepSum(name: string, kind: ValueKind, count: string): Keeping {
  if (kind === "number") {
    return {
      slots: [{ name, type: doubleSlot(0) }],
      add: `acc.${name} += v;`,
      // What rounding has left must not outlive the values.
      retract: `acc.${name} = acc.${count} === 0 ? 0 : acc.${name} - v;`,
      merge: `acc.${name} += from.${name};`,
    };
  }
  return {
    slots: [{ name, type: wholeSlot }],
    add: `acc.${name} = h.add(acc.${name}, v);`,
    retract: `acc.${name} = h.add(acc.${name}, -v);`,
    merge: `acc.${name} = h.add(acc.${name}, from.${name});`,
  };
}

/** How often each value is there. */
export function keepValues(name: string, kind: ValueKind): Keeping {
  return {
    slots: [{ name, type: countsSlot(slotTypeOf(kind)) }],
    add: `h.countValue(acc.${name}, v, 1);`,
    retract: `h.uncountValue(acc.${name}, v);`,
    merge: `for (const [value, count] of from.${name}) h.countValue(acc.${name}, value, count);`,
  };
}

/**
 * The least or greatest value. Where rows can be taken back, `values` are all of them, and they are looked through when
 * the last of the least or greatest goes.
 */
export function keepExtreme(name: string, kind: ValueKind, isGreatest: boolean, values?: string): Keeping {
  const take = (value: string) =>
    `if (acc.${name} === null || ${beats(kind, isGreatest, value, `acc.${name}`)}) acc.${name} = ${value};`;
  const slots = [{ name, type: nullable(slotTypeOf(kind)) }];
  if (values === undefined)
    return { slots, add: take("v"), merge: `if (from.${name} !== null) ${take(`from.${name}`)}` };
  const retract = `if (!acc.${values}.has(v) && (acc.${name} === v || v !== v)) {
acc.${name} = null;
for (const other of acc.${values}.keys()) ${take("other")}
}`;
  return { slots, add: take("v"), retract };
}

/** The value of the earliest or latest row, of rows that are never taken back. */
export function keepEdge(name: string, kind: ValueKind, isLast: boolean): Keeping {
  const at = name.replace("_", "At_");
  const take = (time: string, value: string) =>
    `if (acc.${name} === null || ${time} ${isLast ? ">=" : "<"} acc.${at}) { acc.${at} = ${time}; acc.${name} = ${value}; }`;
  return {
    slots: [
      { name, type: nullable(slotTypeOf(kind)) },
      { name: at, type: doubleSlot(0) },
    ],
    add: take("time", "v"),
    merge: `if (from.${name} !== null) ${take(`from.${at}`, `from.${name}`)}`,
  };
}

/** All values in the order of time, of which the first and the last are shown. */
export function keepTimed(name: string, kind: ValueKind): Keeping {
  return {
    slots: [{ name, type: timedSlot(slotTypeOf(kind)) }],
    add: `h.insertTimed(acc.${name}, time, v);`,
    retract: `h.removeTimed(acc.${name}, v);`,
  };
}

/** What a job's own functions make of the rows; the functions are `folds[name]`. */
export function keepFold(name: string, type: SlotType): Keeping {
  const call = (what: string, second: string) => `acc.${name} = folds.${name}.${what}(acc.${name}, ${second});`;
  return {
    slots: [{ name, type }],
    add: call("add", "row"),
    retract: call("retract", "row"),
    merge: call("merge", `from.${name}`),
  };
}

function slotTypeOf(kind: ValueKind): SlotType {
  switch (kind) {
    case "integer":
    case "money":
      return wholeSlot;
    case "number":
    case "instant":
      return doubleSlot(0);
    case "flag":
      return flagSlot;
    case "id":
      return idSlot;
    default:
      return textSlot;
  }
}

/** An expression: a value comes before another one as least, or as greatest, in the order of `comparatorOf`. */
function beats(kind: ValueKind, isGreatest: boolean, value: string, other: string): string {
  const sign = isGreatest ? ">" : "<";
  switch (kind) {
    case "number":
      return isGreatest
        ? `${value} > ${other} || ${value} !== ${value}`
        : `${value} < ${other} || ${other} !== ${other}`;
    case "text":
      return `h.compareTexts(${value}, ${other}) ${sign} 0`;
    case "id":
      return `h.compareIds(${value}, ${other}) ${sign} 0`;
    default:
      return `${value} ${sign} ${other}`;
  }
}
