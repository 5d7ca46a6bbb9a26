import { type CountercheckError, isError, raise } from "../base/errors.ts";
import { systemClock } from "../base/time.ts";
import type { RedisClient } from "../connectors/redis/client.ts";
import { holderText, Lease, leaseTaker, type Refusal } from "../connectors/redis/lease.ts";
import type { Progress } from "./progress.ts";
import { type LockConfig, openRedis } from "./redis-config.ts";
import type { RunTurn } from "./run-request.ts";
import { printable } from "./table.ts";

/** How a run waits for its turn. */
export interface TurnRequest {
  /** Of the job. */
  readonly name: string;
  /** Wait for as long as another process runs the job, or Redis is away. */
  readonly standby: boolean;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** The configuration file, for errors. */
  readonly configFile: string;
}

/** The right to run a job, to be given back at the end. */
export interface HeldTurn extends RunTurn {
  release(): Promise<void>;
}

/** Between two looks at a lock that another has. */
const LEAST_WAIT_MS = 50;
const MOST_WAIT_MS = 1_000;

/**
 * Takes the lock of a job, which is renewed from then on; undefined where the signal came first. Without `standby` it waits
 * no longer than who died with it would keep it. LOCK_HELD, REDIS_UNAVAILABLE, REDIS_REFUSED, and what opening it raises.
 */
export async function takeTurn(
  { redis: config, leaseMs }: LockConfig,
  request: TurnRequest,
): Promise<HeldTurn | undefined> {
  const redis = openRedis(config, request.configFile);
  let lease: Lease | undefined;
  try {
    lease = await waitFor(redis, { name: `${config.prefix}run:${request.name}`, leaseMs }, request);
  } finally {
    if (lease === undefined) redis.close();
  }
  if (lease === undefined) return undefined;
  const { name, token } = lease;
  return {
    name,
    token,
    requireMine: () => lease.requireHeld(),
    release: async () => {
      await lease.release();
      redis.close();
    },
  };
}

async function waitFor(
  redis: RedisClient,
  options: { readonly name: string; readonly leaseMs: number },
  { standby, signal, progress }: TurnRequest,
): Promise<Lease | undefined> {
  const take = leaseTaker(redis, options);
  const until = performance.now() + options.leaseMs + LEAST_WAIT_MS;
  try {
    while (!signal.aborted) {
      const found = await (standby ? orAway(take) : take());
      if (found instanceof Lease) return found;
      const reason = isError(found) ? found.message : `it is held by ${holderText(found)}`;
      progress.show(() => [printable(`Waiting for the lock ${options.name}: ${reason}`)]);
      if (!standby && !isError(found) && performance.now() > until)
        raise("LOCK_HELD", { name: options.name, holder: holderText(found) });
      const waitMs = isError(found) ? MOST_WAIT_MS : found.waitMs;
      await systemClock.sleep(Math.min(Math.max(waitMs, LEAST_WAIT_MS), MOST_WAIT_MS), signal);
    }
    return undefined;
  } finally {
    progress.done();
  }
}

/** A server that is away comes back by itself. */
async function orAway(take: () => Promise<Lease | Refusal>): Promise<Lease | Refusal | CountercheckError> {
  try {
    return await take();
  } catch (error) {
    if (isError(error, "REDIS_UNAVAILABLE")) return error;
    throw error;
  }
}
