import { Batch } from "../../base/batch.ts";
import { CountercheckError } from "../../base/errors.ts";
import { changeColumns, changeLayout } from "../../dataflow/change-layout.ts";
import type { Model } from "../../dataflow/model.ts";
import { type ChangeClass, TRANSACTIONS } from "../../dataflow/source.ts";
import { type AvroSchema, describeField } from "../../schemas/decoder.ts";
import { type ColumnChange, columnChanges } from "./column-changes.ts";
import type { DatabaseKind } from "./config.ts";
import { envelopePlan, isProblem, missingEnvelopePath, type TableModel } from "./envelope-plan.ts";
import { positionPaths } from "./position.ts";
import { type ModelFinding, modelFinding, worstOf } from "./schema-finding.ts";

/** A captured table, as it is looked at without reading it. */
export interface ClassifiedTable {
  readonly source: string;
  readonly kind: DatabaseKind;
  readonly table: string;
}

/** What a schema of a table's records means for the models that read it. */
export interface TableClassification {
  readonly class: ChangeClass;
  readonly columns: readonly ColumnChange[];
  readonly models: readonly ModelFinding[];
}

/**
 * Whether models could go on reading a table when its records are written with `after`, as a reader that has read `before`
 * would decide; without `before`, whether they can read it at all. Either is an envelope, or the table's row alone.
 * Throws AVRO_SCHEMA_INVALID, and CURRENCY_UNKNOWN for a model that names none that there is.
 */
export function classifyTable(
  { source, kind, table }: ClassifiedTable,
  models: readonly Model[],
  before: AvroSchema | undefined,
  after: AvroSchema,
): TableClassification {
  const columns = before === undefined ? [] : columnChanges(before, after);
  const own = tableModels(source, table, models);
  if (before !== undefined) plan(table, kind, before, own);
  const found = plan(table, kind, after, own);
  const findings = own.map((each, i) => {
    if (typeof found === "string") return notAnEnvelope(each.model, source, table, found);
    const mapped = found.models[i]!;
    return modelFinding(each, columns, isProblem(mapped) ? mapped : undefined);
  });
  return { class: worstOf(findings.map((finding) => finding.class)), columns, models: findings };
}

/** Models that read a table, with batches that nothing is decoded to. */
function tableModels(source: string, table: string, models: readonly Model[]): TableModel[] {
  // Ends of transactions have no columns of anybody's.
  if (table === TRANSACTIONS) return [];
  return models.flatMap((model) => {
    const index = model.from.findIndex((from) => from.source === source && from.table === table);
    if (index < 0) return [];
    const batch = new Batch(changeLayout(model), 1);
    return [{ model, table: index, batch, columns: changeColumns(batch), families: new Map() }];
  });
}

/** How envelopes are decoded, or the path that they lack. */
function plan(table: string, kind: DatabaseKind, schema: AvroSchema, models: readonly TableModel[]) {
  const envelope = describeField(schema, "after") === undefined ? envelopeOf(schema, kind) : schema;
  return missingEnvelopePath(envelope, kind) ?? envelopePlan(table, kind, 0, envelope, models);
}

/** An envelope around a row. */
function envelopeOf(row: AvroSchema, kind: DatabaseKind): AvroSchema {
  const names = positionPaths[kind].map((path) => path.slice(path.indexOf(".") + 1));
  const place = names.map((name) => ({ name, type: name === "file" ? "string" : name === "row" ? "int" : "long" }));
  const fields = [
    { name: "after", type: ["null", row] },
    {
      name: "transaction",
      type: { type: "record", name: "EnvelopeTransaction", fields: [{ name: "id", type: "string" }] },
    },
    {
      name: "source",
      type: { type: "record", name: "EnvelopeSource", fields: [{ name: "ts_ms", type: "long" }, ...place] },
    },
    { name: "op", type: "string" },
  ];
  return { type: "record", name: "EnvelopeOfRow", fields };
}

function notAnEnvelope(model: Model, source: string, table: string, path: string): ModelFinding {
  const reason = new CountercheckError("ENVELOPE_MISSING", { schema: "given", table, source, path }).message;
  return { model: model.name, class: "breaking", columns: [], reason };
}
