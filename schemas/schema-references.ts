import type { AvroSchema } from "./avro-schema.ts";

/**
 * A schema that stands on its own: each name that one of the `referenced` schemas defines is replaced, where it first
 * stands, by its definition. Schemas without references are given back as they are.
 */
export function withReferences(schema: AvroSchema, referenced: readonly AvroSchema[]): AvroSchema {
  if (referenced.length === 0) return schema;
  const definitions = new Map<string, Definition>();
  for (const each of referenced) collect(each, "", definitions);
  return new Inliner(definitions).inline(schema, "");
}

type SchemaObject = Extract<AvroSchema, { readonly type: unknown }>;

interface Definition {
  readonly schema: SchemaObject;
  readonly namespace: string;
}

/** Puts definitions where their names are first used, and names where they are defined again. */
class Inliner {
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #defined = new Set<string>();

  constructor(definitions: ReadonlyMap<string, Definition>) {
    this.#definitions = definitions;
  }

  inline(schema: AvroSchema, namespace: string): AvroSchema {
    if (typeof schema === "string") return this.#name(schema, namespace);
    if (Array.isArray(schema)) return schema.map((branch) => this.inline(branch, namespace));
    if (!isObject(schema)) return schema;
    if (!isNamed(schema)) return mapParts(schema, (part) => this.inline(part, namespace));
    const full = fullName(schema, namespace);
    if (this.#defined.has(full)) return full;
    this.#defined.add(full);
    const inner = namespaceOf(full);
    const qualified = { ...schema, name: full.slice(full.lastIndexOf(".") + 1), namespace: inner };
    return mapParts(qualified, (part) => this.inline(part, inner));
  }

  #name(name: string, namespace: string): AvroSchema {
    const full = name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
    const definition = this.#definitions.get(full);
    return definition === undefined ? name : this.inline(definition.schema, definition.namespace);
  }
}

function collect(schema: AvroSchema, namespace: string, definitions: Map<string, Definition>): AvroSchema {
  if (Array.isArray(schema)) return schema.map((branch) => collect(branch, namespace, definitions));
  if (!isObject(schema)) return schema;
  const full = isNamed(schema) ? fullName(schema, namespace) : undefined;
  if (full !== undefined) definitions.set(full, { schema, namespace });
  const inner = full === undefined ? namespace : namespaceOf(full);
  return mapParts(schema, (part) => collect(part, inner, definitions));
}

/** A copy of a schema with the schemas directly in it replaced. */
function mapParts(schema: SchemaObject, change: (part: AvroSchema) => AvroSchema): SchemaObject {
  if (schema.type === "array") return { ...schema, items: change(schema.items as AvroSchema) };
  if (schema.type === "map") return { ...schema, values: change(schema.values as AvroSchema) };
  if (!Array.isArray(schema.fields)) return schema;
  return { ...schema, fields: schema.fields.map((field: SchemaObject) => ({ ...field, type: change(field.type) })) };
}

/** Whether it is valid is found out when it is parsed; until then it is whatever the registry has sent. */
function isObject(schema: AvroSchema): schema is SchemaObject {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema);
}

function isNamed(schema: SchemaObject): boolean {
  return typeof schema.name === "string";
}

function fullName(schema: SchemaObject, enclosing: string): string {
  const name = schema.name as string;
  const namespace = (schema.namespace as string | undefined) ?? enclosing;
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function namespaceOf(full: string): string {
  return full.slice(0, Math.max(0, full.lastIndexOf(".")));
}
