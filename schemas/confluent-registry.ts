import { messageOf, raise } from "../base/errors.ts";
import type { AvroSchema } from "./avro-schema.ts";
import type { Compatibility, SchemaVersion, SubjectRegistry } from "./registry.ts";
import { type Answer, RegistryHttp, type RegistryHttpOptions } from "./registry-http.ts";
import { withReferences } from "./schema-references.ts";

/** A client of a Confluent-compatible registry. Ids are immutable, so each is fetched once, also by concurrent callers. */
export class ConfluentRegistry implements SubjectRegistry {
  readonly #http: RegistryHttp;
  readonly #schemas = new Map<number, Promise<AvroSchema>>();

  /** Throws REGISTRY_INVALID for an address that is not a URL. */
  constructor(options: RegistryHttpOptions) {
    this.#http = new RegistryHttp(options);
  }

  schemaById(id: number): Promise<AvroSchema> {
    let schema = this.#schemas.get(id);
    if (schema === undefined) {
      schema = this.#fetch(id);
      this.#schemas.set(id, schema);
      schema.catch(() => this.#schemas.delete(id));
    }
    return schema;
  }

  async register(subject: string, schema: AvroSchema): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const { id } = (await this.#http.request("POST", path, { schema: JSON.stringify(schema) })) ?? {};
    return typeof id === "number"
      ? id
      : this.#http.invalid(
          `POST ${path}`,
          "the answer has no id; its address may lack the path of the Confluent API (/apis/ccompat/v7 with Apicurio)",
        );
  }

  async versions(subject: string): Promise<readonly SchemaVersion[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const numbers = await this.#http.request("GET", path);
    if (numbers === undefined) return [];
    if (!isNumbers(numbers)) this.#http.invalid(`GET ${path}`, "the answer is not a list of versions");
    const versions: SchemaVersion[] = [];
    for (const version of [...numbers].sort((a, b) => a - b)) {
      const { id } = (await this.#http.request("GET", `${path}/${version}`)) ?? {};
      // A version may be deleted between the two requests.
      if (typeof id === "number") versions.push({ version, id, schema: await this.schemaById(id) });
    }
    return versions;
  }

  async setCompatibility(subject: string, compatibility: Compatibility): Promise<void> {
    const path = `/config/${encodeURIComponent(subject)}`;
    const answer = await this.#http.request("PUT", path, { compatibility });
    if (answer === undefined) this.#http.invalid(`PUT ${path}`, "it does not keep a compatibility for a subject");
  }

  async #fetch(id: number): Promise<AvroSchema> {
    const path = `/schemas/ids/${id}`;
    const answer = await this.#http.request("GET", path);
    if (answer === undefined) raise("SCHEMA_UNKNOWN", { id, registry: this.#http.name });
    const schema = this.#schemaOf(answer, path);
    const referenced = new Map<string, AvroSchema>();
    await this.#collect(answer, referenced);
    return withReferences(schema, [...referenced.values()]);
  }

  /** Fetches what an answer refers to, and what that refers to, each once. */
  async #collect(answer: Answer, referenced: Map<string, AvroSchema>): Promise<void> {
    for (const { subject, version } of answer.references ?? []) {
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      if (referenced.has(path)) continue;
      const next = await this.#http.request("GET", path);
      if (next === undefined) this.#http.invalid(`GET ${path}`, "a schema refers to it, but it is not there");
      referenced.set(path, this.#schemaOf(next, path));
      await this.#collect(next, referenced);
    }
  }

  #schemaOf({ schema, schemaType = "AVRO" }: Answer, path: string): AvroSchema {
    if (schemaType !== "AVRO") this.#http.invalid(`GET ${path}`, `the schema is ${schemaType}, not Avro`);
    try {
      return JSON.parse(schema ?? "");
    } catch (error) {
      return this.#http.invalid(`GET ${path}`, `the schema is not JSON: ${messageOf(error)}`);
    }
  }
}

function isNumbers(answer: unknown): answer is readonly number[] {
  return Array.isArray(answer) && answer.every((each) => typeof each === "number");
}
