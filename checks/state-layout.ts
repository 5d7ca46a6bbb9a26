import type { FieldKind, Model } from "../dataflow/model.ts";
import type { CheckInput, CheckRule, RuleLeg } from "./rule.ts";

/** Version of how state is written: of keys, and of what the operator saves besides. */
const FORMAT = 3;
/** The one before, in which no rows are packed, is a part of it. */
const FORMER = 2;

/** What the numbers in the state of a check stand for. State of another layout is read by way of a `LayoutMapping`. */
export interface StateLayout {
  readonly format: number;
  /** Kind of the check. */
  readonly kind: string;
  readonly legs: readonly LegLayout[];
  readonly inputs: readonly InputLayout[];
}

/** A leg. Amounts in the state are signed and at the comparison scale, which all legs' scales decide. */
export interface LegLayout extends Pick<RuleLeg, "name" | "side" | "sign" | "input" | "field"> {
  readonly scale: number | null;
  /** How its amounts are converted, as text; absent where they are not. */
  readonly conversion?: string;
}

/** An input: what the fields of its rows are. */
export interface InputLayout {
  readonly model: string;
  readonly key: string;
  /** Which of the model's rows these are. */
  readonly rows: string;
  readonly tables: readonly string[];
  /** Those of the tables whose rows come without a row stage, so that their repeats are told by what is kept; absent for none. */
  readonly withoutRowStage?: readonly string[];
  readonly fields: readonly FieldLayout[];
}

export interface FieldLayout {
  readonly name: string;
  readonly kind: FieldKind;
  /** Declared scale of money. */
  readonly scale: number | null;
}

/** Where legs, inputs and fields of a written layout are in the layout that is read into. */
export interface LayoutMapping {
  readonly written: StateLayout;
  /** By written leg. */
  readonly legs: readonly number[];
  /** By written input. */
  readonly inputs: readonly number[];
  /** By written input: for each field now, its written place; −1 for one that was added. */
  readonly fields: readonly (readonly number[])[];
}

/** The layout of a rule's state. */
export function layoutOf(rule: CheckRule, inputs: readonly CheckInput[]): StateLayout {
  return {
    format: FORMAT,
    kind: rule.kind,
    legs: rule.legs.map(({ name, side, sign, input, field, conversion, scale = null }) => ({
      name,
      side,
      sign,
      input,
      field,
      scale,
      ...(conversion === undefined ? {} : { conversion: JSON.stringify(conversion) }),
    })),
    inputs: inputs.map(({ model, by, rows, stageless }) => ({
      model: model.name,
      key: by.join("+"),
      rows,
      ...tablesOf(model, stageless),
      fields: fieldsOf(model),
    })),
  };
}

/**
 * How state of a layout is read into another: undefined unless legs are the same by name, in any order, and rows differ
 * by fields that were added or removed only. The comparison of anything else would be of other amounts or other rows.
 */
export function mappingOf(written: StateLayout, now: StateLayout): LayoutMapping | undefined {
  if ((written.format !== FORMAT && written.format !== FORMER) || written.kind !== now.kind) return undefined;
  if (written.legs.length !== now.legs.length || written.inputs.length !== now.inputs.length) return undefined;
  const legs = written.legs.map(({ name }) => now.legs.findIndex((leg) => leg.name === name));
  const inputs = new Array<number>(now.inputs.length).fill(-1);
  for (const [index, leg] of written.legs.entries()) {
    const own = now.legs[legs[index]!];
    if (own === undefined || !sameLeg(leg, own)) return undefined;
    if (inputs[leg.input]! >= 0 && inputs[leg.input] !== own.input) return undefined;
    inputs[leg.input] = own.input;
  }
  if (new Set(inputs).size < inputs.length) return undefined;
  const fields: number[][] = [];
  for (const [index, input] of written.inputs.entries()) {
    const places = fieldPlaces(input, now.inputs[inputs[index]!]!);
    if (places === undefined) return undefined;
    fields.push(places);
  }
  return { written, legs, inputs, fields };
}

/** True where nothing of the written layout is otherwise now. */
export function isOfNow({ written, legs, inputs, fields }: LayoutMapping): boolean {
  const isSame = (now: number, before: number) => now === before;
  if (!legs.every(isSame) || !inputs.every(isSame)) return false;
  return fields.every((places, input) => {
    return places.length === written.inputs[input]!.fields.length && places.every(isSame);
  });
}

function sameLeg(left: LegLayout, right: LegLayout): boolean {
  const { side, sign, field, scale, conversion } = left;
  const isSameMoney = field === right.field && scale === right.scale && conversion === right.conversion;
  return side === right.side && sign === right.sign && isSameMoney;
}

function fieldPlaces(written: InputLayout, now: InputLayout): number[] | undefined {
  const same = written.model === now.model && written.key === now.key && written.rows === now.rows;
  if (!same || `${written.tables}` !== `${now.tables}`) return undefined;
  // Where a row stage comes or goes, who is to tell repeats knows nothing of the rows that are there.
  if (`${written.withoutRowStage ?? []}` !== `${now.withoutRowStage ?? []}`) return undefined;
  const places: number[] = [];
  for (const { name, kind, scale } of now.fields) {
    const place = written.fields.findIndex((field) => field.name === name);
    const before = written.fields[place];
    if (before !== undefined && (before.kind !== kind || before.scale !== scale)) return undefined;
    places.push(place);
  }
  return places;
}

function tablesOf(
  { from }: Model,
  stageless: CheckInput["stageless"],
): Pick<InputLayout, "tables" | "withoutRowStage"> {
  const tables = from.map(({ source, table }) => `${source}.${table}`);
  const withoutRowStage = tables.filter((_, index) => stageless?.has(index) === true);
  return { tables, ...(withoutRowStage.length === 0 ? {} : { withoutRowStage }) };
}

function fieldsOf(model: Model): FieldLayout[] {
  return Object.entries(model.fields).map(([name, { kind, money }]) => ({ name, kind, scale: money?.scale ?? null }));
}
