import { raise } from "../../base/errors.ts";
import type { Key } from "../../base/key.ts";
import { type Fields, isOfKind } from "../model.ts";
import type { Row } from "../row-view.ts";
import type { StateKind, StateSpec } from "./state-spec.ts";
import type { Stored } from "./stored.ts";

/** Where a process function is: what its states need to know. */
export interface Moment {
  readonly key: Key;
  /** Event time of what is written now; null while none is known. */
  readonly writeTime: number | null;
  /** Event time that is reached: what ends at or before it is gone. */
  readonly reached: number;
  /** Something of a state of the key ends at a time. */
  expect(state: string, due: number): void;
}

/** A row of whatever fields. */
export type AnyRow = Row<Fields>;

/** What is left of a list or map is looked through at most so often within a ttl. */
const SWEEPS_PER_TTL = 16;

/** Makes what a state stores, and knows when it ends. */
export class Cells {
  readonly moment: Moment;
  readonly #name: string;
  readonly #kind: StateKind;
  readonly #fields: Fields;
  readonly #ttlMs: number | undefined;
  readonly #money: readonly string[];

  constructor(name: string, spec: StateSpec, moment: Moment) {
    this.moment = moment;
    this.#name = name;
    this.#kind = spec.kind;
    this.#fields = spec.fields;
    this.#ttlMs = spec.ttlMs;
    this.#money = Object.keys(spec.fields).filter((field) => spec.fields[field]!.kind === "money");
  }

  /** A copy of what the function gave; undefined where it has ended already, since its row came late. */
  make(values: AnyRow): Stored | undefined {
    const fields = copyOf(this.#name, this.#fields, values);
    if (this.#ttlMs === undefined) return { since: null, fields };
    const stored = { since: this.moment.writeTime, fields };
    if (!this.isLive(stored)) return undefined;
    // Where no time is known yet, the first watermark tells it.
    this.moment.expect(this.#name, stored.since === null ? Number.NEGATIVE_INFINITY : stored.since + this.#ttlMs);
    return stored;
  }

  /** The state has a ttl. */
  get canEnd(): boolean {
    return this.#ttlMs !== undefined;
  }

  isLive({ since }: Stored): boolean {
    return this.#ttlMs === undefined || since === null || since + this.#ttlMs > this.moment.reached;
  }

  /** What the function gets: frozen, so that it cannot change what is kept by accident. */
  show({ fields }: Stored): AnyRow {
    if (Object.isFrozen(fields)) return fields;
    for (const name of this.#money) Object.freeze(fields[name]);
    return Object.freeze(fields);
  }

  /** What was written before its time was known, or before the state had a ttl, counts from now. */
  dated(stored: Stored): Stored {
    return stored.since === null ? { since: this.moment.reached, fields: stored.fields } : stored;
  }

  /** When to come again for what was written at a time, if that is the first to end. Only with a ttl. */
  due(since: number): number {
    const ttlMs = this.#ttlMs!;
    const end = since + ttlMs;
    return this.#kind === "value" ? end : Math.max(end, this.moment.reached + ttlMs / SWEEPS_PER_TTL);
  }

  keyOf(key: unknown): string {
    if (typeof key !== "string") wrong(`${this.#name}'s key`, "text or an id", key);
    return key.toWellFormed();
  }
}

/** A copy of the declared fields, as it will be read again: null for what is left out, and only well-formed text. */
function copyOf(state: string, fields: Fields, values: AnyRow): AnyRow {
  if (values === null || typeof values !== "object") wrong(state, "an object of its fields", values);
  const copy: Record<string, unknown> = {};
  for (const name in fields) {
    const { kind } = fields[name]!;
    const value = values[name] ?? null;
    if (value !== null && !isOfKind(kind, value)) wrong(`${state}.${name}`, kind, value);
    copy[name] = kept(value);
  }
  return copy;
}

function kept(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null) return value;
  const { minor, currency } = value as { readonly minor: bigint; readonly currency: string };
  return { minor, currency };
}

function wrong(field: string, kind: string, value: unknown): never {
  raise("JOB_WRONG_VALUE", { field, kind, value: value === null ? "null" : typeof value });
}
