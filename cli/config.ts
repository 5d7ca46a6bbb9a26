import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { messageOf, raise } from "../base/errors.ts";
import type { DebeziumSource } from "../connectors/debezium/config.ts";
import { TRANSACTIONS } from "../dataflow/source.ts";
import { type ClusterConfig, clusterConfigOf, clusterShape } from "./cluster/cluster-config.ts";
import { durationShape, parseDuration } from "./duration.ts";
import { type KafkaConfig, kafkaConfigOf, kafkaShape, secretShape } from "./kafka-config.ts";
import type { MaskConfig } from "./masking.ts";
import { notifyShape, type SinkConfig, sinkConfigsOf } from "./notify/notify-config.ts";
import { type RereadConfig, rereadConfigsOf, rereadShape } from "./notify/reread-config.ts";
import {
  type LockConfig,
  lockShape,
  type RedisConfig,
  redisConfigOf,
  redisShape,
  requireRedis,
} from "./redis-config.ts";
import { parseSize } from "./size.ts";

/** A source as configuration binds it. */
export interface SourceBinding extends DebeziumSource {
  readonly input: SourceInput;
  /** Its connector in Kafka Connect, for `doctor`. */
  readonly connector?: { readonly url: string; readonly name: string };
  /** Its database, by a reference to a URL, for `doctor`. */
  readonly database?: { readonly url: string };
}

/** What holds a source's topics: a file log, by its absolute folder, or the brokers. */
export type SourceInput = { readonly folder: string } | KafkaInput;

/** Topics of a cluster, and where a partition is begun with that no checkpoint knows. */
export interface KafkaInput {
  readonly kafka: KafkaConfig;
  /** Begins the name of the group that offsets are committed for; the job's name follows. */
  readonly group: string;
  readonly start: "earliest" | "latest" | "committed" | { readonly timestampMs: number };
}

/** Where results go besides the output folder. */
export interface ResultsConfig {
  /** Verdicts, alerts, dead letters and markers as topics whose names begin with `prefix`, in place of the file log. */
  readonly kafka: KafkaConfig;
  readonly prefix: string;
}

/** A table of HBase for the evidence, in place of a file in the output folder. */
export interface HBaseConfig {
  /** Of its REST server. */
  readonly url: string;
  readonly table: string;
  readonly auth?: BasicAuth;
}

/** Who asks; the password is a reference. */
export interface BasicAuth {
  readonly user: string;
  readonly password: string;
}

/** What a configuration file says, with paths made absolute and durations in milliseconds. */
export interface Config {
  readonly file: string;
  readonly sources: readonly SourceBinding[];
  readonly registry: RegistryConfig;
  /** Folder for everything that a run leaves here, absolute. */
  readonly output: string;
  readonly results: ResultsConfig | undefined;
  readonly snapshots: { readonly hbase: HBaseConfig } | undefined;
  /** What nobody may see in results. */
  readonly mask: MaskConfig | undefined;
  /** Who is told of alerts. */
  readonly notify: readonly SinkConfig[];
  readonly staleAfterMs: number | undefined;
  readonly retainMs: number;
  readonly state: StateConfig;
  readonly lock: LockConfig | undefined;
  /** How alerts are confirmed before anybody is told. */
  readonly reread: readonly RereadConfig[];
  /** Where answers of the source of truth are kept besides. */
  readonly redis: RedisConfig | undefined;
  /** Where jobs are submitted to. */
  readonly cluster: ClusterConfig | undefined;
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
export type RegistryConfig = { readonly folder: string } | { readonly url: string; readonly auth?: BasicAuth };

/** Over brokers, a source that stands still for so long is told of. */
const STALE_AFTER_MS = parseDuration("5m")!;

/** Begins the names of what a run has at brokers, where the configuration has no other. */
export const DEFAULT_PREFIX = "countercheck.";

/** With less, state would be read from disk all the time. */
const LEAST_MEMORY = 32 * 1024 * 1024;

const name = z.string().min(1, "expected a name");
const time = z.iso.datetime({ offset: true, error: 'expected a time such as "2026-03-05T10:15:00Z"' });
const httpUrl = z.url({ protocol: /^https?$/, error: "expected a URL that begins with http:// or https://" });

const tableShape = z.strictObject({ topic: name });
const rowsShape = tableShape.extend({ gathered: z.boolean().optional() });

const inputShape = z.strictObject({
  start: z
    .union([z.enum(["earliest", "latest", "committed"]), time], {
      error: 'expected "earliest", "latest", "committed" or a time such as "2026-03-05T10:15:00Z"',
    })
    .default("earliest"),
});

const sourceShape = z
  .strictObject({
    kind: z.enum(["mariadb", "postgresql"]),
    log: name.optional(),
    kafka: inputShape.optional(),
    tables: z.record(name, rowsShape),
    heartbeat: z.strictObject({ table: name, topic: name }).optional(),
    transactions: tableShape.optional(),
    epochs: z
      .array(time)
      .default([])
      .transform((times) => times.map((time) => Date.parse(time)).sort((left, right) => left - right)),
    longestTransaction: durationShape.optional(),
    connector: z.strictObject({ url: httpUrl, name }).optional(),
    database: z.strictObject({ url: secretShape }).optional(),
  })
  .superRefine(({ log, kafka, tables, heartbeat, transactions }, context) => {
    if ((log === undefined) === (kafka === undefined))
      context.addIssue({ code: "custom", message: "expected either `log` or `kafka`" });
    const topics = new Map<string, string>();
    const bind = (table: string, topic: string, place: string[]) => {
      const other = topics.get(topic);
      const message = `expected a topic of its own, but ${topic} is the topic of ${other} too`;
      if (other !== undefined) context.addIssue({ code: "custom", path: place, message });
      topics.set(topic, table);
    };
    for (const [table, { topic }] of Object.entries(tables)) bind(table, topic, ["tables", table, "topic"]);
    if (transactions !== undefined) bind(TRANSACTIONS, transactions.topic, ["transactions", "topic"]);
    if (heartbeat === undefined) return;
    bind(heartbeat.table, heartbeat.topic, ["heartbeat", "topic"]);
    const message = `expected a table of its own, but ${heartbeat.table} is one of \`tables\` too`;
    if (Object.hasOwn(tables, heartbeat.table))
      context.addIssue({ code: "custom", path: ["heartbeat", "table"], message });
  });

const authShape = z.strictObject({ user: name, password: secretShape });

const registryShape = z
  .strictObject({ folder: name.optional(), url: httpUrl.optional(), auth: authShape.optional() })
  .refine(({ folder, url }) => (folder === undefined) !== (url === undefined), "expected either `folder` or `url`")
  .refine(({ folder, auth }) => folder === undefined || auth === undefined, "a folder takes no `auth`");

/** What topics and tables may be called in Kafka and HBase alike. */
const storedName = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,200}$/, "expected a name of letters, digits, dots, dashes and underscores");

const resultsShape = z.strictObject({
  kafka: z.strictObject({ prefix: storedName.default(DEFAULT_PREFIX) }),
});

const snapshotsShape = z.strictObject({
  hbase: z.strictObject({ url: httpUrl, table: storedName, auth: authShape.optional() }),
});

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
  checkpointEvery: durationShape.default(parseDuration("1s")!),
});

const maskedField = z.string().regex(/^\w+\.\w+$/, 'expected a model and a field such as "Payment.cardNumber"');

const maskShape = z
  .union([z.array(maskedField).min(1), z.strictObject({ fields: z.array(maskedField).min(1), key: secretShape })], {
    error: 'expected fields such as ["Payment.cardNumber"], or { "fields": […], "key": a reference }',
  })
  .transform((mask) => (Array.isArray(mask) ? { fields: mask } : mask));

const configShape = z
  .strictObject({
    kafka: kafkaShape.optional(),
    redis: redisShape.optional(),
    sources: z.record(name, sourceShape).refine((all) => Object.keys(all).length > 0, "expected at least one source"),
    registry: registryShape,
    output: name,
    results: resultsShape.optional(),
    snapshots: snapshotsShape.optional(),
    mask: maskShape.optional(),
    notify: notifyShape.default({}),
    staleAfter: durationShape.optional(),
    retain: durationShape.default(parseDuration("180d")!),
    state: stateShape.prefault({}),
    lock: lockShape.optional(),
    reread: rereadShape.default({}),
    cluster: clusterShape.optional(),
  })
  .superRefine(({ redis, lock }, context) => requireRedis(redis, { lock }, context))
  .superRefine(({ lock, notify }, context) => {
    const acting = Object.entries(notify).filter(([, { webhook }]) => lock === undefined && webhook?.acts);
    const message = "it needs `lock`, so that no two processes act at a time";
    for (const [sink] of acting)
      context.addIssue({ code: "custom", path: ["notify", sink, "webhook", "acts"], message });
  })
  .superRefine(({ kafka, sources, results, notify }, context) => {
    if (kafka !== undefined) return;
    const users = Object.entries(sources).flatMap(([source, shape]) =>
      shape.kafka ? [["sources", source, "kafka"]] : [],
    );
    if (results !== undefined) users.push(["results", "kafka"]);
    for (const [sink, shape] of Object.entries(notify)) if (shape.kafka) users.push(["notify", sink, "kafka"]);
    const message = 'it needs `kafka` beside `sources`, with `brokers` such as ["127.0.0.1:9092"]';
    for (const path of users) context.addIssue({ code: "custom", path, message });
  });

/** Reads a configuration file. CONFIG_NOT_FOUND; CONFIG_INVALID, which names each place and what was expected there. */
export function readConfig(path: string): Config {
  const file = resolve(path);
  const parsed = configShape.safeParse(readJson(file));
  if (!parsed.success) raise("CONFIG_INVALID", { file, problems: parsed.error.issues.map(problemText).join("; ") });
  const folder = dirname(file);
  const { sources, registry, output, results, snapshots, mask, notify, staleAfter, retain, state, lock, reread } =
    parsed.data;
  const kafka = parsed.data.kafka && kafkaConfigOf(parsed.data.kafka, folder);
  const redis = parsed.data.redis && redisConfigOf(parsed.data.redis, folder);
  const group = results?.kafka.prefix ?? DEFAULT_PREFIX;
  return {
    file,
    sources: Object.entries(sources).map(([source, shape]) => bindingOf(source, shape, folder, kafka, group)),
    registry: registryOf(registry, folder),
    output: resolve(folder, output),
    results: results && { kafka: kafka!, prefix: results.kafka.prefix },
    snapshots: snapshots && { hbase: hbaseOf(snapshots.hbase) },
    mask,
    notify: sinkConfigsOf(notify, kafka, folder),
    staleAfterMs: staleAfter ?? (kafka === undefined ? undefined : STALE_AFTER_MS),
    retainMs: retain,
    state: {
      dir: resolve(folder, state.dir ?? join(output, "state")),
      memoryBytes: state.memory,
      checkpointEveryMs: state.checkpointEvery,
    },
    reread: rereadConfigsOf(reread),
    redis,
    lock: lock && { redis: redis!, leaseMs: lock.redis.lease },
    cluster: parsed.data.cluster && clusterConfigOf(parsed.data.cluster, folder),
  };
}

function bindingOf(
  source: string,
  shape: z.infer<typeof sourceShape>,
  folder: string,
  kafka: KafkaConfig | undefined,
  group: string,
): SourceBinding {
  const { heartbeat, longestTransaction, log, tables, transactions, kind, epochs, connector, database } = shape;
  return {
    name: source,
    kind,
    epochs,
    input:
      log === undefined
        ? { kafka: kafka!, group, start: startOf(shape.kafka!.start) }
        : { folder: resolve(folder, log) },
    ...(connector === undefined ? {} : { connector }),
    ...(database === undefined ? {} : { database }),
    tables: {
      ...tables,
      ...(heartbeat === undefined ? {} : { [heartbeat.table]: { topic: heartbeat.topic } }),
      ...(transactions === undefined ? {} : { [TRANSACTIONS]: transactions }),
    },
    ...(heartbeat === undefined ? {} : { heartbeatTable: heartbeat.table }),
    ...(longestTransaction === undefined ? {} : { longestTransactionMs: longestTransaction }),
  };
}

function startOf(start: string): KafkaInput["start"] {
  return start === "earliest" || start === "latest" || start === "committed"
    ? start
    : { timestampMs: Date.parse(start) };
}

function hbaseOf({ url, table, auth }: z.infer<typeof snapshotsShape>["hbase"]): HBaseConfig {
  return { url: url.replace(/\/+$/, ""), table, ...(auth === undefined ? {} : { auth }) };
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

function problemText(issue: z.core.$ZodIssue): string {
  // What is wrong with a key stands within: "Invalid key in record" says nothing.
  const message = issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const { path } = issue;
  return path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`;
}
