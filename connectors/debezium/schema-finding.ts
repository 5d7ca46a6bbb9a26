import { CountercheckError } from "../../base/errors.ts";
import { fieldsFrom } from "../../dataflow/model.ts";
import type { ChangeClass } from "../../dataflow/source.ts";
import type { AvroSchema } from "../../schemas/decoder.ts";
import { type ColumnChange, columnChanges, columnChangeText } from "./column-changes.ts";
import { columnsRead, type Problem, type TableModel } from "./envelope-plan.ts";

/** What a new schema means for the models that read a table. */
export interface SchemaFinding {
  readonly class: ChangeClass;
  /** What changed, for people. */
  readonly summary: string;
  /** Models that read what changed. */
  readonly models: readonly string[];
}

/** What becomes of one model. */
export interface ModelFinding {
  readonly model: string;
  readonly class: ChangeClass;
  /** What changed of the columns that it reads. */
  readonly columns: readonly ColumnChange[];
  /** Why it cannot be read; null where it can. */
  readonly reason: string | null;
}

/** What a model is told of columns that changed, and of why it cannot be read any more. */
export function modelFinding(
  { model, table }: Pick<TableModel, "model" | "table">,
  changes: readonly ColumnChange[],
  problem: Problem | undefined,
): ModelFinding {
  const read = columnsRead(fieldsFrom(model, table));
  const columns = changes.filter(({ column }) => read.includes(column));
  const reason = problem === undefined ? null : new CountercheckError(problem.code, problem.details).message;
  const cause = reason !== null ? "breaking" : columns.length > 0 ? "widening" : "harmless";
  return { model: model.name, class: cause, columns, reason };
}

/** All of it in one, for the record. `before` is undefined where no earlier schema is known. */
export function schemaFinding(
  before: AvroSchema | undefined,
  after: AvroSchema,
  models: readonly TableModel[],
  broken: readonly { readonly model: string; readonly problem: Problem }[],
): SchemaFinding {
  const changes = before === undefined ? [] : columnChanges(before, after);
  const findings = models.map((each) =>
    modelFinding(each, changes, broken.find(({ model }) => model === each.model.name)?.problem),
  );
  const hit = findings.filter((finding) => finding.class !== "harmless");
  const reasons = hit.flatMap(({ reason }) => reason ?? []);
  const texts = [...changes.map(columnChangeText), ...reasons];
  return {
    class: worstOf(findings.map((finding) => finding.class)),
    summary: texts.length === 0 ? "no column changed" : texts.join("; "),
    models: hit.map(({ model }) => model),
  };
}

/** The worst class of several. */
export function worstOf(classes: readonly ChangeClass[]): ChangeClass {
  return (["breaking", "widening"] as const).find((each) => classes.includes(each)) ?? "harmless";
}
