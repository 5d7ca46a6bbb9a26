import type { FieldKind } from "../dataflow/model.ts";
import type { FieldLayout, InputLayout, LegLayout, StateLayout } from "./state-layout.ts";

/** What a leg or an input is, beside the Avro type of what is kept of it. */
type SchemaField =
  | ({ readonly name: string; readonly type: unknown; readonly leg: string } & Omit<LegLayout, "name">)
  | ({ readonly name: string; readonly type: { readonly items: { readonly fields: readonly RowField[] } } } & Omit<
      InputLayout,
      "fields"
    >);

type RowField = FieldLayout & { readonly type: unknown };

interface Schema {
  readonly format: number;
  readonly kind: string;
  readonly fields: readonly SchemaField[];
}

const MONEY = {
  type: "record",
  name: "Money",
  fields: [
    { name: "minor", type: "bytes", doc: "Signed minor units, of any size." },
    { name: "currency", type: "string" },
  ],
};

const TYPES: Record<FieldKind, unknown> = {
  id: "string",
  text: "string",
  integer: "long",
  number: "double",
  flag: "boolean",
  instant: { type: "long", logicalType: "timestamp-millis" },
  money: MONEY.name,
};

/**
 * A layout as an Avro schema in JSON: a field for every leg, with what it adds up to, and one for every input, with its
 * rows. What a leg or an input is stands in attributes beside the types.
 */
export function schemaOf({ format, kind, legs, inputs }: StateLayout): string {
  const legFields = legs.map(({ name: leg, ...rest }, index) => {
    return { name: `leg${index}`, type: index === 0 ? MONEY : MONEY.name, leg, ...rest };
  });
  const inputFields = inputs.map(({ fields, ...rest }, index) => {
    const row = fields.map((field) => ({ ...field, type: ["null", TYPES[field.kind]] }));
    const items = { type: "record", name: `Row${index}`, fields: row };
    return { name: `input${index}`, type: { type: "array", items }, ...rest };
  });
  const doc = "What a check knows of a key: totals by leg, and the rows of each input.";
  const fields = [...legFields, ...inputFields];
  return JSON.stringify({ type: "record", name: "KeyState", namespace: "io.countercheck", doc, format, kind, fields });
}

/** The layout that a schema was made of. The schema must be one of `schemaOf`; those of other formats may hold less. */
export function layoutFrom(schema: string): StateLayout {
  const { format, kind, fields } = JSON.parse(schema) as Schema;
  const legs: LegLayout[] = [];
  const inputs: InputLayout[] = [];
  for (const field of fields) {
    if ("leg" in field) {
      const { leg, side, sign, input, field: amount, scale, conversion } = field;
      const converts = conversion === undefined ? {} : { conversion };
      legs.push({ name: leg, side, sign, input, field: amount, scale, ...converts });
      continue;
    }
    const { model, key, rows, tables, withoutRowStage, type } = field;
    inputs.push({
      model,
      key,
      rows,
      tables,
      ...(withoutRowStage === undefined ? {} : { withoutRowStage }),
      fields: type.items.fields.map(({ name, kind, scale }) => ({ name, kind, scale })),
    });
  }
  return { format, kind, legs, inputs };
}
