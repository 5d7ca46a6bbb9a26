import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { raise } from "../../base/errors.ts";
import type { RedisClient } from "./client.ts";
import { type Instant, instantAfter, isPast, now } from "./instant.ts";
import { leaseKeys, leaseScripts } from "./lease-scripts.ts";

/** Which lease, and for how long it is held without being renewed. */
export interface LeaseOptions {
  readonly name: string;
  /** In ms, from `LEAST_LEASE_MS` on. */
  readonly leaseMs: number;
}

/** Who has a lease that somebody else wants, and after how many ms it is worth asking again. */
export interface Refusal {
  /** For people; empty where nobody has it, but the server was started so lately that it may have forgotten who does. */
  readonly holder: string;
  readonly waitMs: number;
}

/** Shorter leases would be lost by whatever takes a moment. */
export const LEAST_LEASE_MS = 500;

/** Parts of a lease: after how much it is renewed, tried again, and given up to clocks that run differently fast. */
const RENEWED_AFTER = 1 / 3;
const TRIED_AGAIN_AFTER = 1 / 20;
const CLOCK_MARGIN = 1 / 10;

/**
 * A way to take a lease, to be asked as often as is wanted; an answer that was lost on the way is not taken for another's.
 * It rejects as `RedisClient` does.
 */
export function leaseTaker(redis: RedisClient, options: LeaseOptions): () => Promise<Lease | Refusal> {
  const owner = `process ${process.pid} on ${hostname()} (${randomUUID()})`;
  return async () => {
    const sentAt = now();
    const answer = await redis.run(leaseScripts.take, leaseKeys(options.name), [owner, options.leaseMs]);
    const [token, holder, waitMs] = answer as [string, string, number];
    if (token !== "0") return new Lease(redis, options, owner, Number(token), sentAt);
    return { holder: holder.replace(/ \([^)]*\)$/, ""), waitMs };
  };
}

/** Who has the lease, in words. */
export function holderText({ holder }: Refusal): string {
  return holder || "nobody that the server knows of, which was started less than a lease ago and may have forgotten";
}

/**
 * The right to do something alone, for as long as it is renewed, which it is by itself. It is over before the server gives
 * it to another, by the clocks of this machine and whatever Redis says or does not say: `isHeld` turns false then.
 *
 * A process that stood still between asking and acting does not know, so what it acts upon must look at the token: it
 * rises with every holder, and who was shown a higher one refuses.
 */
export class Lease {
  readonly name: string;
  /** Above the token of every holder before. A whole number. */
  readonly token: number;
  readonly #redis: RedisClient;
  readonly #leaseMs: number;
  readonly #owner: string;
  readonly #lost = new AbortController();
  #heldUntil!: Instant;
  #end: NodeJS.Timeout | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #isReleased = false;

  /** `sentAt`: when the server was asked, which is when the lease began at the latest. */
  constructor(redis: RedisClient, { name, leaseMs }: LeaseOptions, owner: string, token: number, sentAt: Instant) {
    this.name = name;
    this.token = token;
    this.#redis = redis;
    this.#leaseMs = leaseMs;
    this.#owner = owner;
    this.#holdFrom(sentAt);
    this.#renewAfter(leaseMs * RENEWED_AFTER);
  }

  /** Aborts when the lease is lost; a process that stood still hears of it late, and asks `isHeld`. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** False from before another may have it. */
  isHeld(): boolean {
    if (!this.#lost.signal.aborted && isPast(this.#heldUntil)) this.#lose();
    return !this.#lost.signal.aborted;
  }

  /** Throws LOCK_LOST once it is not held. */
  requireHeld(): void {
    if (!this.isHeld()) raise("LOCK_LOST", { name: this.name });
  }

  /** Gives it back, so that the next one need not wait. Never rejects: what the server does not hear of runs out. */
  async release(): Promise<void> {
    this.#isReleased = true;
    this.#lose();
    const [holder] = leaseKeys(this.name);
    await this.#redis.run(leaseScripts.release, [holder!], [this.#owner]).catch(() => undefined);
  }

  #holdFrom(asked: Instant): void {
    this.#heldUntil = instantAfter(asked, this.#leaseMs * (1 - CLOCK_MARGIN));
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.isHeld(), this.#heldUntil.steadyMs - performance.now() + 1);
    this.#end.unref();
  }

  #renewAfter(ms: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), ms);
    this.#renewal.unref();
  }

  async #renew(): Promise<void> {
    if (!this.isHeld()) return;
    const sentAt = now();
    const args = [this.#owner, this.#leaseMs, this.token];
    const answer = await this.#redis.run(leaseScripts.renew, leaseKeys(this.name), args).catch(() => undefined);
    // Whoever gave it back while the server was asked may have come first there, and must not leave it taken.
    if (this.#isReleased) await this.release();
    if (answer === 0) this.#lose();
    if (!this.isHeld()) return;
    if (answer === 1) this.#holdFrom(sentAt);
    this.#renewAfter(this.#leaseMs * (answer === 1 ? RENEWED_AFTER : TRIED_AGAIN_AFTER));
  }

  #lose(): void {
    clearTimeout(this.#renewal);
    clearTimeout(this.#end);
    this.#lost.abort();
  }
}
