import { raise } from "../../base/errors.ts";

/** Raises STATE_INCOMPATIBLE for a state, by the name that people call it, with what differs between its schemas. */
export function raiseIncompatible(name: string, before: string, now: string): never {
  const capital = name.charAt(0).toUpperCase() + name.slice(1);
  raise("STATE_INCOMPATIBLE", { name: capital, changes: schemaDifference(before, now) });
}

/**
 * What differs between two Avro schemas of state, JSON texts, as the author of a job would say it: fields of another type,
 * or where there are none, fields that came or went.
 */
export function schemaDifference(before: string, now: string): string {
  const [old, young] = [before, now].map((text) => leavesOf(JSON.parse(text) as Schema)) as [Leaves, Leaves];
  const changed = [...old].flatMap(([path, was]) => {
    const is = young.get(path);
    return is === undefined || is === was ? [] : [`${path} was ${was}, and is ${is}`];
  });
  const gone = missing(old, young).map((path) => `${path} is gone`);
  const added = missing(young, old).map((path) => `${path} is new`);
  const differences = changed.length > 0 ? changed : [...gone, ...added];
  return differences.length > 0 ? differences.join("; ") : "its order, which matters here";
}

/** Paths that only one has; not those within another of them. */
function missing(one: Leaves, other: Leaves): string[] {
  const paths = [...one.keys()].filter((path) => !other.has(path));
  return paths.filter((path) => !paths.some((outer) => path.endsWith(` of ${outer}`)));
}

type Schema = string | readonly Schema[] | SchemaObject;

interface SchemaObject {
  readonly type: Schema;
  readonly name?: string;
  readonly fields?: readonly (SchemaObject & { readonly name: string })[];
  readonly items?: Schema;
  readonly values?: Schema;
  readonly logicalType?: string;
}

type Leaves = Map<string, string>;

/** Every field with its type, by its path. */
function leavesOf(schema: Schema): Leaves {
  const leaves: Leaves = new Map();
  visit(schema, [], leaves);
  return leaves;
}

function visit(schema: Schema, path: readonly string[], leaves: Leaves): void {
  const own = withoutNull(schema);
  if (typeof own === "string" || isMoney(own)) {
    leaves.set(nameAt(path), typeText(own));
    return;
  }
  if (own.items !== undefined || own.values !== undefined) {
    if (path.length === 0) leaves.set("it", own.items === undefined ? "a map" : "a list");
    return visit((own.items ?? own.values)!, path, leaves);
  }
  if (own.fields === undefined) {
    leaves.set(nameAt(path), typeText(own));
    return;
  }
  if (path.length === 0 && !leaves.has("it")) leaves.set("it", "a value");
  for (const field of own.fields) {
    const inner = isWrapper(field) ? path : [...path, nameOf(field)];
    for (const [name, value] of attributesOf(field)) leaves.set(`${name} of ${nameAt(inner)}`, value);
    if ("leg" in field) leaves.set(nameAt(inner), "a leg");
    else visit(field.type, inner, leaves);
  }
}

function nameAt(path: readonly string[]): string {
  return path.length === 0 ? "it" : path.toReversed().join(" of ");
}

/** A field that may be null is called what it is else. */
function withoutNull(schema: Schema): string | SchemaObject {
  if (typeof schema === "string") return schema;
  if (!Array.isArray(schema)) return schema as SchemaObject;
  return withoutNull((schema as readonly Schema[]).find((branch) => branch !== "null") ?? "null");
}

/** A record within what is kept of a key, which the job's own fields are in. */
function isWrapper({ name, type }: SchemaObject): boolean {
  const own = withoutNull(type);
  return name === "fields" && typeof own !== "string" && own.fields !== undefined && !isMoney(own);
}

/** Legs and inputs of checks say in attributes what they are. */
function nameOf(field: object & { readonly name: string }): string {
  if ("leg" in field) return `leg ${field.leg}`;
  if ("model" in field) return `${field.model}`;
  return field.name;
}

const STANDARD: ReadonlySet<string> = new Set(["name", "type", "default", "doc", "leg", "model", "kind", "input"]);

function attributesOf(field: object): [string, string][] {
  const own = Object.entries(field).filter(([name, value]) => !STANDARD.has(name) && value !== null);
  return own.map(([name, value]) => [name, Array.isArray(value) ? value.join(" and ") : String(value)]);
}

const NAMES: Readonly<Record<string, string>> = {
  long: "integer",
  double: "number",
  string: "text",
  boolean: "flag",
};

function isMoney(schema: string | SchemaObject): boolean {
  return typeof schema !== "string" && schema.name?.startsWith("Money") === true;
}

function typeText(schema: string | SchemaObject): string {
  const name = typeof schema === "string" ? schema : (schema.name ?? typeText(withoutNull(schema.type)));
  if (typeof schema !== "string" && schema.logicalType === "countercheck-key") return "id";
  if (typeof schema !== "string" && schema.logicalType === "timestamp-millis") return "instant";
  const scale = /^Money(?:AtScale(\d+))?$/.exec(name);
  if (scale !== null) return scale[1] === undefined ? "money" : `money of scale ${scale[1]}`;
  return NAMES[name] ?? name;
}
