import { assert, raise } from "../../base/errors.ts";
import type { AvroSchema } from "../../schemas/avro-schema.ts";
import type { SchemaVersion, SubjectRegistry } from "../../schemas/registry.ts";
import type { EmbeddedSchemas } from "./child-spec.ts";

/** What a folder registry held when the job was submitted. */
export class EmbeddedRegistry implements SubjectRegistry {
  readonly #held: EmbeddedSchemas;

  constructor(held: EmbeddedSchemas) {
    this.#held = held;
  }

  async schemaById(id: number): Promise<AvroSchema> {
    const { schemas } = this.#held;
    if (!Object.hasOwn(schemas, id)) raise("SCHEMA_UNKNOWN", { id, registry: "the folder as it was submitted" });
    return schemas[id]!;
  }

  async versions(subject: string): Promise<readonly SchemaVersion[]> {
    const { subjects, schemas } = this.#held;
    const versions = Object.hasOwn(subjects, subject) ? subjects[subject]! : [];
    return versions.map(({ version, id }) => ({ version, id, schema: schemas[id]! }));
  }

  async register(): Promise<number> {
    return assert(false, "contracts are registered when a job is submitted") as never;
  }

  async setCompatibility(): Promise<void> {}
}
