import { integer, type Model, model, table, text } from "../../../../dataflow/model.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import type { InputName, InputRow } from "../format.ts";
import type { OperatorSpec } from "../operators.ts";

/** Fields of all cases' rows; `gap` is for sessions whose rows tell their gaps. */
export const FIELDS = { key: text(), id: text(), value: text(), number: integer(), gap: integer() };
export type CaseFields = typeof FIELDS;

/** A model for each input that an operator can have; each has a source of its own, so that it has its own watermark. */
export const MODELS: Readonly<Record<InputName, Model<CaseFields>>> = {
  in: model("In", { from: table("in", "rows"), fields: FIELDS }),
  left: model("Left", { from: table("left", "rows"), fields: FIELDS }),
  right: model("Right", { from: table("right", "rows"), fields: FIELDS }),
  rules: model("Rules", { from: table("rules", "rows"), fields: FIELDS }),
};

/** What a case's row holds. */
export function valuesOf({ key, id, value, number }: InputRow, operator: OperatorSpec): Row<CaseFields> {
  return { key, id, value, number: number === null ? null : BigInt(number), gap: gapOf(operator, value) };
}

function gapOf(operator: OperatorSpec, value: string | null): bigint | null {
  if (operator.kind !== "window" || operator.assigner.type !== "dynamic-session") return null;
  const { gaps, otherwise } = operator.assigner;
  return BigInt(gaps[value ?? ""] ?? otherwise);
}
