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

/** A version of a subject. */
export interface SchemaVersion {
  readonly version: number;
  readonly id: number;
  readonly schema: AvroSchema;
}

/** What the registry itself holds new versions of a subject to; its names are Confluent's. */
export type Compatibility = "BACKWARD_TRANSITIVE" | "NONE";

/** A registry that knows the versions of a subject. All methods reject with REGISTRY_INVALID, REGISTRY_UNAVAILABLE. */
export interface SubjectRegistry extends SchemaRegistry {
  /** The versions of a subject, oldest first; none for a subject that it does not know. */
  versions(subject: string): Promise<readonly SchemaVersion[]>;
  /** Has the registry refuse versions of a subject that are not so compatible; a folder, which checks nothing, ignores it. */
  setCompatibility(subject: string, level: Compatibility): Promise<void>;
}

/** The subject that keys of a topic are registered under. */
export function keySubject(topic: string): string {
  return `${topic}-key`;
}

/** The subject that values of a topic are registered under, by the strategy that converters and serialisers have by default. */
export function valueSubject(topic: string): string {
  return `${topic}-value`;
}
