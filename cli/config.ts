import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { messageOf, raise } from "../base/errors.ts";
import type { DebeziumSource } from "../connectors/debezium/config.ts";
import { ConfluentRegistry } from "../schemas/confluent-registry.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import type { SchemaRegistry } from "../schemas/registry.ts";
import { parseDuration } from "./duration.ts";
import { SECRET_REFERENCE, secretOf } from "./secrets.ts";
import { parseSize } from "./size.ts";

/** A source as configuration binds it. */
export interface SourceBinding extends DebeziumSource {
  /** Folder of the file log that holds its topics, absolute. */
  readonly log: string;
}

/** What a configuration file says, with paths made absolute and durations in milliseconds. */
export interface Config {
  readonly file: string;
  readonly sources: readonly SourceBinding[];
  readonly registry: RegistryConfig;
  /** Folder for everything that a run leaves, absolute. */
  readonly output: string;
  readonly staleAfterMs: number | undefined;
  readonly retainMs: number;
  readonly state: StateConfig;
}

/** Where a run keeps what lets it go on after a crash, and what that may take. */
export interface StateConfig {
  /** Folder of checkpoints and state, absolute. */
  readonly dir: string;
  /** Most memory that state may take, over all workers, in bytes. */
  readonly memoryBytes: number;
  /** From the end of one checkpoint to the next, in ms. */
  readonly checkpointEveryMs: number;
}

/** Where schemas are. */
export type RegistryConfig =
  | { readonly folder: string }
  | { readonly url: string; readonly auth?: { readonly user: string; readonly password: string } };

/** With less, state would be read from disk all the time. */
const LEAST_MEMORY = 32 * 1024 * 1024;

const name = z.string().min(1, "expected a name");
const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as "10s", "24h" or "2d"')
  .transform((text) => parseDuration(text)!);

const tableShape = z.strictObject({ topic: name });

const sourceShape = z
  .strictObject({
    kind: z.enum(["mariadb", "postgresql"]),
    log: name,
    tables: z.record(name, tableShape),
    heartbeat: z.strictObject({ table: name, topic: name }).optional(),
    epochs: z
      .array(z.iso.datetime({ offset: true, error: 'expected a time such as "2026-03-05T10:15:00Z"' }))
      .default([])
      .transform((times) => times.map((time) => Date.parse(time)).sort((left, right) => left - right)),
    longestTransaction: duration.optional(),
  })
  .superRefine(({ tables, heartbeat }, context) => {
    const topics = new Map<string, string>();
    const bind = (table: string, topic: string, place: string[]) => {
      const other = topics.get(topic);
      const message = `expected a topic of its own, but ${topic} is the topic of ${other} too`;
      if (other !== undefined) context.addIssue({ code: "custom", path: place, message });
      topics.set(topic, table);
    };
    for (const [table, { topic }] of Object.entries(tables)) bind(table, topic, ["tables", table, "topic"]);
    if (heartbeat === undefined) return;
    bind(heartbeat.table, heartbeat.topic, ["heartbeat", "topic"]);
    const message = `expected a table of its own, but ${heartbeat.table} is one of \`tables\` too`;
    if (Object.hasOwn(tables, heartbeat.table))
      context.addIssue({ code: "custom", path: ["heartbeat", "table"], message });
  });

const authShape = z.strictObject({
  user: name,
  password: z
    .string()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how configuration refers to a secret
    .regex(SECRET_REFERENCE, "expected a reference such as ${env:REGISTRY_PASSWORD}, never the secret"),
});

const registryShape = z
  .strictObject({
    folder: name.optional(),
    url: z.url({ protocol: /^https?$/, error: "expected a URL that begins with http:// or https://" }).optional(),
    auth: authShape.optional(),
  })
  .refine(({ folder, url }) => (folder === undefined) !== (url === undefined), "expected either `folder` or `url`")
  .refine(({ folder, auth }) => folder === undefined || auth === undefined, "a folder takes no `auth`");

const stateShape = z.strictObject({
  dir: name.optional(),
  memory: z
    .string()
    .refine(
      (text) => (parseSize(text) ?? 0) >= LEAST_MEMORY,
      'expected a size from "32MB" on, such as "512MB" or "2GB"',
    )
    .transform((text) => parseSize(text)!)
    .default(parseSize("512MB")!),
  checkpointEvery: duration.default(parseDuration("1s")!),
});

const configShape = z.strictObject({
  sources: z.record(name, sourceShape).refine((all) => Object.keys(all).length > 0, "expected at least one source"),
  registry: registryShape,
  output: name,
  staleAfter: duration.optional(),
  retain: duration.default(parseDuration("180d")!),
  state: stateShape.prefault({}),
});

/** Reads a configuration file. CONFIG_NOT_FOUND; CONFIG_INVALID, which names each place and what was expected there. */
export function readConfig(path: string): Config {
  const file = resolve(path);
  const parsed = configShape.safeParse(readJson(file));
  if (!parsed.success) raise("CONFIG_INVALID", { file, problems: parsed.error.issues.map(problemText).join("; ") });
  const folder = dirname(file);
  const { sources, registry, output, staleAfter, retain, state } = parsed.data;
  return {
    file,
    sources: Object.entries(sources).map(([source, shape]) => bindingOf(source, shape, folder)),
    registry: registryOf(registry, folder),
    output: resolve(folder, output),
    staleAfterMs: staleAfter,
    retainMs: retain,
    state: {
      dir: resolve(folder, state.dir ?? join(output, "state")),
      memoryBytes: state.memory,
      checkpointEveryMs: state.checkpointEvery,
    },
  };
}

/** The registry that a configuration names; `place` is the file, for errors. CONFIG_SECRET_MISSING, REGISTRY_INVALID. */
export function openRegistry(config: RegistryConfig, place: string): SchemaRegistry {
  if ("folder" in config) return new FolderRegistry(config.folder);
  const { url, auth } = config;
  if (auth === undefined) return new ConfluentRegistry({ url });
  const password = secretOf(auth.password, `registry.auth.password of ${place}`);
  return new ConfluentRegistry({ url, credentials: { username: auth.user, password } });
}

function bindingOf(source: string, shape: z.infer<typeof sourceShape>, folder: string): SourceBinding {
  const { heartbeat, longestTransaction, log, tables, kind, epochs } = shape;
  return {
    name: source,
    kind,
    epochs,
    log: resolve(folder, log),
    tables: heartbeat === undefined ? tables : { ...tables, [heartbeat.table]: { topic: heartbeat.topic } },
    ...(heartbeat === undefined ? {} : { heartbeatTable: heartbeat.table }),
    ...(longestTransaction === undefined ? {} : { longestTransactionMs: longestTransaction }),
  };
}

function registryOf({ folder, url, auth }: z.infer<typeof registryShape>, base: string): RegistryConfig {
  if (folder !== undefined) return { folder: resolve(base, folder) };
  return auth === undefined ? { url: url! } : { url: url!, auth };
}

function readJson(file: string): unknown {
  try {
    // Some editors put a byte order mark in front, which JSON does not allow.
    return JSON.parse(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) raise("CONFIG_INVALID", { file, problems: `it is not JSON: ${error.message}` });
    raise("CONFIG_NOT_FOUND", { file, reason: messageOf(error) }, { cause: error });
  }
}

function problemText({ path, message }: z.core.$ZodIssue): string {
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}
