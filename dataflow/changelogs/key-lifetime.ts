import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key } from "../../base/key.ts";
import { BEFORE_ALL_TIME } from "../../base/time.ts";
import type { KeyedState, OperatorContext, StateCodec, Timers } from "../operator.ts";
import { avroCodec } from "../state-codec.ts";

/**
 * Ends the state of keys that were not written for a ttl, by event time: once the watermark has reached the last write's
 * time + ttl. Without a ttl nothing ends. There is one timer a key at a time, however often it is written.
 */
export class KeyLifetime {
  readonly #ttlMs: number | undefined;
  #watermark = BEFORE_ALL_TIME;
  /** Time of each key's last write; before all time while none is known. */
  #since!: KeyedState<number>;
  #timers!: Timers;
  #state!: KeyedState<unknown>;

  constructor(ttlMs: number | undefined) {
    this.#ttlMs = ttlMs;
  }

  /** `state` is what ends. */
  open(context: OperatorContext, state: KeyedState<unknown>): void {
    this.#state = state;
    // They are there without a ttl too: a ttl may come and go, and no state be dropped.
    this.#since = context.state("$since", timeCodec);
    this.#timers = context.timers("ttl");
  }

  /** What is written at a time has ended already. */
  isOver(time: number): boolean {
    return this.#ttlMs !== undefined && time > BEFORE_ALL_TIME && time + this.#ttlMs <= this.#watermark;
  }

  /** The key's state was written at a time. */
  wrote(key: Key, time: number): void {
    if (this.#ttlMs === undefined) return;
    const since = this.#since.get(key);
    // Where no time is known yet, the first watermark tells it.
    if (since === undefined) this.#timers.register(key, time + this.#ttlMs);
    if (since === undefined || time > since) this.#since.set(key, time);
  }

  /** The key's state is gone. */
  cleared(key: Key): void {
    if (this.#ttlMs !== undefined) this.#since.delete(key);
  }

  get watermark(): number {
    return this.#watermark;
  }

  /** One that goes back, because a run began again with a longer transaction, takes nothing back. */
  advance(time: number): void {
    if (time < this.#watermark) return;
    this.#watermark = time;
    for (let due = this.#timers.next(time); due !== undefined; due = this.#timers.next(time)) this.#end(due.key);
  }

  save(out: ByteWriter): void {
    out.float64(this.#watermark);
    out.flag(this.#ttlMs !== undefined);
  }

  restore(saved: readonly ByteReader[]): void {
    let watermark = Number.POSITIVE_INFINITY;
    let hadTtl = true;
    for (const input of saved) {
      watermark = Math.min(watermark, input.float64());
      hadTtl = input.flag() && hadTtl;
    }
    if (saved.length > 0) this.#watermark = watermark;
    if (!hadTtl && this.#ttlMs !== undefined) this.#beginToEnd();
  }

  #end(key: Key): void {
    const since = this.#since.get(key);
    // The timer of a state that is gone.
    if (since === undefined) return;
    if (this.#ttlMs === undefined) {
      // The job had a ttl when it was set.
      this.#since.delete(key);
      return;
    }
    const known = since > BEFORE_ALL_TIME ? since : this.#watermark;
    if (known + this.#ttlMs > this.#watermark) {
      this.#since.set(key, known);
      this.#timers.register(key, known + this.#ttlMs);
      return;
    }
    this.#since.delete(key);
    this.#state.delete(key);
  }

  /** What was kept before there was a ttl counts from now. */
  #beginToEnd(): void {
    const keys: Key[] = [];
    this.#state.forEach((key) => void keys.push(key));
    for (const key of keys) this.wrote(key, this.#watermark);
  }
}

const timeCodec: StateCodec<number> = avroCodec<number>("double");
