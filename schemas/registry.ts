import type { AvroSchema } from "./avro-schema.ts";

/**
 * Where writers leave their schemas. Ids are immutable: the same id gives the same object every time, so that what is
 * compiled from it can be kept by it.
 */
export interface SchemaRegistry {
  /** The schema of an id, complete in itself. Rejects with SCHEMA_UNKNOWN, REGISTRY_INVALID, REGISTRY_UNAVAILABLE. */
  schemaById(id: number): Promise<AvroSchema>;
  /** Registers a schema as the newest version of a subject, unless it has it already; resolves to its id. */
  register(subject: string, schema: AvroSchema): Promise<number>;
}
