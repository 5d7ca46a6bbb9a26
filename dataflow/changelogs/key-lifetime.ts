import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import { duesCodec, type Expiring, Expiry } from "../expiry.ts";
import type { Control, KeyedState, OperatorContext, StateCodec } from "../operator.ts";
import { avroCodec } from "../state-codec.ts";
import { Watermark } from "../watermark.ts";

/** The name under which the timer of what is kept of a key is known. */
const ROWS = "rows";

/**
 * Ends the state of keys that were not written for a ttl, by event time: once the watermark has reached the last write's
 * time + ttl. Without a ttl nothing ends.
 */
export class KeyLifetime {
  readonly #ttlMs: number | undefined;
  readonly #watermark = new Watermark();
  readonly #expiring: ReadonlyMap<string, Expiring>;
  /** Time of each key's last write; before all time while none is known. */
  #since!: KeyedState<number>;
  #expiry!: Expiry;
  #state!: KeyedState<unknown>;

  constructor(ttlMs: number | undefined) {
    this.#ttlMs = ttlMs;
    this.#expiring = new Map([[ROWS, { prune: (key) => this.#prune(key) }]]);
  }

  /** `state` is what ends. */
  open(context: OperatorContext, state: KeyedState<unknown>): void {
    this.#state = state;
    // They are there without a ttl too: a ttl may come and go, and no state be dropped.
    this.#since = context.state("$since", timeCodec);
    this.#expiry = new Expiry(context.state("$ttl", duesCodec), context.timers("ttl"));
  }

  /** What is written at a time has ended already. */
  isOver(time: number): boolean {
    return this.#ttlMs !== undefined && time > BEFORE_ALL_TIME && time + this.#ttlMs <= this.#watermark.time;
  }

  /** The key's state was written at a time. */
  wrote(key: Key, time: number): void {
    if (this.#ttlMs === undefined) return;
    const since = this.#since.get(key);
    // Where no time is known yet, the first watermark tells it.
    if (since === undefined) this.#expiry.expect(key, ROWS, time + this.#ttlMs);
    if (since === undefined || time > since) this.#since.set(key, time);
  }

  /** The key's state is gone. */
  cleared(key: Key): void {
    if (this.#ttlMs !== undefined) this.#since.delete(key);
  }

  get watermark(): number {
    return this.#watermark.time;
  }

  /** Ends what is over by a watermark. */
  control(element: Control): void {
    if (!this.#watermark.accepts(element)) return;
    this.#watermark.time = element.time;
    this.#expiry.sweep(element.time, this.#expiring);
  }

  save(out: ByteWriter): void {
    this.#watermark.save(out);
    out.flag(this.#ttlMs !== undefined);
  }

  restore(saved: readonly ByteReader[]): void {
    this.#watermark.restore(saved);
    const hadTtl = saved.map((input) => input.flag()).every((had) => had);
    if (!hadTtl && this.#ttlMs !== undefined) this.#beginToEnd();
  }

  /** Gives when to come again. */
  #prune(key: Key): number | undefined {
    const since = this.#since.get(key);
    // It is gone.
    if (since === undefined) return undefined;
    if (this.#ttlMs !== undefined) {
      const known = since > BEFORE_ALL_TIME ? since : this.watermark;
      if (known > since) this.#since.set(key, known);
      if (known + this.#ttlMs > this.watermark) return known + this.#ttlMs;
      this.#state.delete(key);
    }
    this.#since.delete(key);
    return undefined;
  }

  /** What was kept before there was a ttl counts from now. */
  #beginToEnd(): void {
    const keys: Key[] = [];
    this.#state.forEach((key) => void keys.push(key));
    for (const key of keys) this.wrote(key, this.watermark);
  }
}

const timeCodec: StateCodec<number> = avroCodec<number>("double");
