import { CountercheckError } from "../../base/errors.ts";
import type { Suspension } from "../../dataflow/source.ts";
import type { Problem } from "./envelope-plan.ts";
import type { SplitContext } from "./record-fault.ts";

/** A TRUNCATE, told by the record `id`, after which all models of the table are blind. */
export function truncation({ source, table: { table, models } }: SplitContext, id: string, time: number): Suspension {
  const message = `Table ${table} was truncated: its rows are gone without a change for each.`;
  return { id, source, table, models: models.map(({ model }) => model.name), cause: "truncate", message, time };
}

/** A schema that a model cannot be read from, first met in the record `id`. */
export function breakingChange(
  { source, table: { table } }: SplitContext,
  id: string,
  { model, problem }: { readonly model: string; readonly problem: Problem },
  time: number,
): Suspension {
  const { message } = new CountercheckError(problem.code, problem.details);
  return { id: `${id}/${model}`, source, table, models: [model], cause: "breaking-change", message, time };
}
