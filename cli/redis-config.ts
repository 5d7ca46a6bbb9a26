import { z } from "zod";
import { raise } from "../base/errors.ts";
import { days, seconds } from "../base/time.ts";
import { RedisClient } from "../connectors/redis/client.ts";
import { LEAST_LEASE_MS } from "../connectors/redis/lease.ts";
import { isLoopback } from "./clear-text.ts";
import { durationShape } from "./duration.ts";
import { readTls, secretShape, type TlsFiles, tlsOf, tlsShape } from "./kafka-config.ts";
import { secretOf } from "./secrets.ts";

/** How a configuration says to reach Redis: plain data, with a reference in the place of the secret. */
export interface RedisConfig {
  /** Reference to a `redis://` or `rediss://` URL; one on this machine without it. */
  readonly url?: string;
  readonly tls?: true | TlsFiles;
  /** Begins the names of all that is kept there. */
  readonly prefix: string;
}

/** What `redis` may hold. */
export const redisShape = z.strictObject({
  url: secretShape.optional(),
  tls: tlsShape.optional(),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,200}$/, "expected letters, digits, dots, dashes, colons and underscores")
    .default("countercheck:"),
});

/** How the processes that may run a job agree on one of them. */
export interface LockConfig {
  readonly redis: RedisConfig;
  /** For so long it has the job without a word from it, in ms. */
  readonly leaseMs: number;
}

/** Longer than anybody waits for a process that died to be replaced. */
const LONGEST_LEASE_MS = days(1);

/** What `lock` may hold. */
export const lockShape = z.strictObject({
  redis: z.strictObject({
    lease: durationShape
      .refine((ms) => ms >= LEAST_LEASE_MS, `expected a lease of ${LEAST_LEASE_MS}ms at least`)
      .refine((ms) => ms <= LONGEST_LEASE_MS, "expected a lease of 1d at most: for so long a dead process has the job")
      .default(seconds(15)),
  }),
});

/** Adds an issue for each part that needs `redis` where there is none. */
export function requireRedis(redis: unknown, users: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void {
  if (redis !== undefined) return;
  const message = "it needs `redis` beside `sources`; `{}` is one on this machine";
  for (const [user, shape] of Object.entries(users))
    if (shape !== undefined) context.addIssue({ code: "custom", path: [user, "redis"], message });
}

/** Where Redis listens when nobody says otherwise. */
const HERE = "redis://127.0.0.1:6379";

/** What the shape was read from, with absolute paths. */
export function redisConfigOf({ url, tls, prefix }: z.infer<typeof redisShape>, folder: string): RedisConfig {
  return { prefix, ...(url !== undefined && { url }), ...(tls !== undefined && { tls: tlsOf(tls, folder) }) };
}

/**
 * A client of the server that a configuration names, which the caller closes; `place` is the file, for errors.
 * CONFIG_SECRET_MISSING, CONFIG_SECRET_UNREADABLE; CONFIG_INVALID for what is no URL, and for a password in the clear.
 */
export function openRedis({ url: reference, tls }: RedisConfig, place: string): RedisClient {
  const text = reference === undefined ? HERE : secretOf(reference, `redis.url of ${place}`);
  const url = URL.parse(text);
  const refuse = (problem: string): never =>
    raise("CONFIG_INVALID", { file: place, problems: `redis.url: ${problem}` });
  if (url === null || !/^rediss?:$/.test(url.protocol))
    return refuse("it refers to no URL that begins with redis:// or rediss://");
  if (url.password !== "" && url.protocol === "redis:" && tls === undefined && !isLoopback(url.hostname))
    refuse(`by redis:// the password would go to ${url.host} for everyone on the way to read; expected rediss://`);
  return new RedisClient({ url: text, ...(tls !== undefined && { tls: readTls(tls, "redis.tls", place) }) });
}
