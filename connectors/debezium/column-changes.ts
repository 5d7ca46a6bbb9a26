import type { AvroSchema } from "../../schemas/decoder.ts";
import { describeField, type FieldDescription, nodeAt, withoutNull } from "../../schemas/schema-paths.ts";
import { parseSchema } from "../../schemas/schema-tree.ts";

/** What became of a column. `widened`: every value that it could hold it still can. */
export type ColumnFate = "added" | "dropped" | "widened" | "narrowed" | "retyped" | "nullable" | "required";

/** A column that differs between two schemas of a table's records. */
export interface ColumnChange {
  readonly column: string;
  readonly fate: ColumnFate;
  /** Its types, as people write them; null where there is no such column. */
  readonly from: string | null;
  readonly to: string | null;
}

/** How the columns of a table differ between two schemas of its change events: by name, in the order of the newer one. */
export function columnChanges(before: AvroSchema, after: AvroSchema): readonly ColumnChange[] {
  const [old, now] = [columnsOf(before), columnsOf(after)];
  const kept = [...now].flatMap(([column, type]) => changeOf(column, old.get(column), type) ?? []);
  const dropped = [...old].flatMap(([column, type]) =>
    now.has(column) ? [] : (changeOf(column, type, undefined) ?? []),
  );
  return [...kept, ...dropped];
}

/** A change in one line. */
export function columnChangeText({ column, fate, from, to }: ColumnChange): string {
  switch (fate) {
    case "added":
      return `${column} was added: ${to}`;
    case "dropped":
      return `${column} was dropped: ${from}`;
    case "nullable":
      return `${column} may be null now`;
    case "required":
      return `${column} is never null now`;
    default:
      return `${column} was ${fate}: ${from} to ${to}`;
  }
}

/** The columns of a table, as an envelope's `after` has them, or a schema of the row itself. */
export function columnsOf(schema: AvroSchema): Map<string, FieldDescription> {
  const root = parseSchema(schema, "table");
  const path = nodeAt(root, "after") === undefined ? "" : "after";
  const row = withoutNull(nodeAt(root, path)!);
  const fields = row.kind === "record" ? row.fields : [];
  return new Map(fields.map(({ name }) => [name, describeField(schema, path === "" ? name : `${path}.${name}`)!]));
}

function changeOf(
  column: string,
  before: FieldDescription | undefined,
  after: FieldDescription | undefined,
): ColumnChange | undefined {
  const from = before === undefined ? null : typeText(before);
  const to = after === undefined ? null : typeText(after);
  const change = (fate: ColumnFate) => ({ column, fate, from, to });
  if (before === undefined) return change("added");
  if (after === undefined) return change("dropped");
  if (from !== to) return change(widens(before, after) ? "widened" : widens(after, before) ? "narrowed" : "retyped");
  if (before.nullable === after.nullable) return undefined;
  return change(after.nullable ? "nullable" : "required");
}

/** What a column holds, as people write it: `decimal(12,2)`, `long (timestamp-millis)`. */
export function typeText({ type, logicalType, connectName, precision, scale, symbols }: FieldDescription): string {
  if (logicalType === "decimal") return `decimal(${precision ?? "?"},${scale ?? 0})`;
  if (symbols !== undefined) return `enum(${symbols.join(",")})`;
  const named = logicalType ?? connectName?.slice(connectName.lastIndexOf(".") + 1);
  return named === undefined ? type : `${type} (${named})`;
}

const WIDER: Readonly<Record<string, readonly string[]>> = {
  boolean: ["int", "long"],
  int: ["long", "double"],
  float: ["double"],
  enum: ["string"],
};

function widens(from: FieldDescription, to: FieldDescription): boolean {
  if (from.nullable && !to.nullable) return false;
  if (isDecimal(from) && isDecimal(to)) {
    const [scales, digits] = [(to.scale ?? 0) - (from.scale ?? 0), (to.precision ?? 0) - (from.precision ?? 0)];
    return scales >= 0 && digits >= scales;
  }
  if (from.symbols !== undefined && to.symbols !== undefined)
    return from.symbols.every((each) => to.symbols!.includes(each));
  if (isNamed(from) || isNamed(to)) return false;
  return from.type === to.type || (WIDER[from.type]?.includes(to.type) ?? false);
}

function isDecimal({ logicalType }: FieldDescription): boolean {
  return logicalType === "decimal";
}

/** A number that stands for something else widens into nothing; a name that only says what a text holds means nothing. */
function isNamed({ type, logicalType, connectName, symbols }: FieldDescription): boolean {
  return type !== "string" && symbols === undefined && (logicalType !== undefined || connectName !== undefined);
}
