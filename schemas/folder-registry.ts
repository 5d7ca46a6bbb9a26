import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { messageOf, raise } from "../base/errors.ts";
import { type AvroSchema, avroType } from "./avro-schema.ts";
import type { SchemaVersion, SubjectRegistry } from "./registry.ts";

/** `subjects.json`: the versions of each subject, oldest first. */
type Subjects = Record<string, { readonly version: number; readonly id: number }[]>;

/**
 * A registry in a folder: `<id>.json` is the schema of an id, `subjects.json` (in the folder, or beside it) the versions
 * of each subject. Files are replaced as a whole, so readers never see half of one; one process at a time may register.
 */
export class FolderRegistry implements SubjectRegistry {
  readonly #folder: string;
  readonly #subjectsFile: string;
  readonly #schemas = new Map<number, AvroSchema>();

  constructor(folder: string) {
    this.#folder = folder;
    const beside = join(dirname(folder), "subjects.json");
    const inside = join(folder, "subjects.json");
    this.#subjectsFile = existsSync(inside) || !existsSync(beside) ? inside : beside;
  }

  async schemaById(id: number): Promise<AvroSchema> {
    return this.#schema(id);
  }

  /** Gives an equal schema the id that it has, under whatever subject; it is durable then. Throws AVRO_SCHEMA_INVALID. */
  async register(subject: string, schema: AvroSchema): Promise<number> {
    avroType(schema, subject);
    mkdirSync(this.#folder, { recursive: true });
    const ids = this.#ids();
    let id = ids.find((known) => isDeepStrictEqual(this.#schema(known), schema));
    if (id === undefined) {
      id = Math.max(0, ...ids) + 1;
      replace(this.#file(id), schema);
    }
    this.#addVersion(subject, id);
    return id;
  }

  async versions(subject: string): Promise<readonly SchemaVersion[]> {
    const subjects = this.#subjects();
    const versions = Object.hasOwn(subjects, subject) ? subjects[subject]! : [];
    return versions.map(({ version, id }) => ({ version, id, schema: this.#schema(id) }));
  }

  async setCompatibility(): Promise<void> {}

  /** All that is in the folder: schemas by their ids, and the versions of each subject, oldest first. */
  contents(): { readonly schemas: Readonly<Record<string, AvroSchema>>; readonly subjects: Readonly<Subjects> } {
    this.#requireFolder(this.#folder);
    return {
      schemas: Object.fromEntries(this.#ids().map((id) => [id, this.#schema(id)])),
      subjects: this.#subjects(),
    };
  }

  #addVersion(subject: string, id: number): void {
    const subjects = this.#subjects();
    const versions = Object.hasOwn(subjects, subject) ? subjects[subject]! : [];
    if (versions.some((version) => version.id === id)) return;
    const version = Math.max(0, ...versions.map((known) => known.version)) + 1;
    replace(this.#subjectsFile, { ...subjects, [subject]: [...versions, { version, id }] });
  }

  #schema(id: number): AvroSchema {
    let schema = this.#schemas.get(id);
    if (schema === undefined) {
      const found = this.#read(this.#file(id));
      if (found === undefined) {
        this.#requireFolder(this.#file(id));
        raise("SCHEMA_UNKNOWN", { id, registry: this.#folder });
      }
      schema = found as AvroSchema;
      this.#schemas.set(id, schema);
    }
    return schema;
  }

  #ids(): number[] {
    const names = readdirSync(this.#folder).map((name) => /^(\d+)\.json$/.exec(name)?.[1]);
    return names.filter((name) => name !== undefined).map(Number);
  }

  #subjects(): Subjects {
    return (this.#read(this.#subjectsFile) ?? {}) as Subjects;
  }

  #file(id: number): string {
    return join(this.#folder, `${id}.json`);
  }

  /** The content of a file; undefined where there is none. */
  #read(file: string): unknown {
    const text = this.#textOf(file);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      raise("REGISTRY_INVALID", { registry: this.#folder, request: file, reason: messageOf(error) }, { cause: error });
    }
  }

  #textOf(file: string): string | undefined {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      return this.#unavailable(file, messageOf(error), error);
    }
  }

  /** A folder that is not there, such as an unmounted one, says nothing about its schemas: they may be back at any time. */
  #requireFolder(file: string): void {
    if (statSync(this.#folder, { throwIfNoEntry: false }) === undefined)
      this.#unavailable(file, "the folder does not exist");
  }

  #unavailable(request: string, reason: string, cause?: unknown): never {
    raise("REGISTRY_UNAVAILABLE", { registry: this.#folder, request, reason }, { cause });
  }
}

function replace(file: string, content: unknown): void {
  const next = `${file}.${process.pid}.tmp`;
  writeFileSync(next, `${JSON.stringify(content, null, 1)}\n`);
  sync(next);
  renameSync(next, file);
  sync(dirname(file));
}

/** What was written under an id must be readable for as long as there are records that name it. */
function sync(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
