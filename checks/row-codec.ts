import { assert } from "../base/errors.ts";
import type { FieldKind, MoneyValue } from "../dataflow/model.ts";
import type { PackReader, PackWriter } from "./row-pack.ts";
import type { Entry, RowEvidence } from "./row-set.ts";
import { isCapture, type RuleLeg } from "./rule.ts";
import type { StateReader, StateWriter } from "./state-bytes.ts";
import type { LayoutMapping, StateLayout } from "./state-layout.ts";

/** A row with its entries, as it is kept. */
export interface KeptRow {
  readonly id: string;
  readonly entries: readonly Entry[];
}

const HAS_FIELDS = 1;
const HAS_SEED = 2;

/** Writes rows with their entries: what the entries share, and what the rule says of them, is written once or not at all. */
export class RowWriter {
  readonly out: StateWriter;
  /** Packs rows of keys that have many. */
  readonly packs: PackWriter | undefined;
  readonly #kinds: readonly (readonly FieldKind[])[];

  constructor(out: StateWriter, { inputs }: StateLayout, packs?: PackWriter) {
    this.out = out;
    this.packs = packs;
    this.#kinds = inputs.map(({ fields }) => fields.map(({ kind }) => kind));
  }

  write(id: string, entries: readonly Entry[]): void {
    const { out } = this;
    let at = 0;
    // A row that was added on top of itself has entries of several versions.
    out.uint(versionsOf(entries));
    if (entries.length === 0) this.#writeIdentity(id);
    while (at < entries.length) {
      const { from } = entries[at]!;
      let end = at + 1;
      while (end < entries.length && entries[end]!.from === from) end++;
      if (at === 0) this.#writeName(from.input, from.table, from.row);
      this.#writeEvidence(from);
      out.uint(end - at);
      for (; at < end; at++) this.#writeEntry(entries[at]!);
    }
  }

  /** The identity of a row that takes part in no leg. */
  #writeIdentity(id: string): void {
    const input = id.indexOf("/");
    const table = id.indexOf("/", input + 1);
    this.#writeName(Number(id.slice(0, input)), Number(id.slice(input + 1, table)), id.slice(table + 1));
  }

  #writeName(input: number, table: number, row: string): void {
    this.out.uint(input);
    this.out.uint(table);
    this.out.text(row);
  }

  #writeEvidence(from: RowEvidence): void {
    const { out } = this;
    const { fields, seed } = from;
    out.byte((fields.length > 0 ? HAS_FIELDS : 0) | (seed === null ? 0 : HAS_SEED));
    out.number(from.major);
    out.number(from.minor);
    out.number(from.sub);
    out.time(from.time);
    if (seed !== null) out.time(seed);
    if (fields.length > 0) this.#writeFields(this.#kinds[from.input]!, fields);
  }

  /** Eight fields behind a byte that says which of them have a value. */
  #writeFields(kinds: readonly FieldKind[], fields: readonly unknown[]): void {
    assert(kinds.length === fields.length, "evidence has a value, or null, for every field");
    for (let first = 0; first < fields.length; first += 8) {
      const end = Math.min(first + 8, fields.length);
      let present = 0;
      for (let i = first; i < end; i++) if (fields[i] !== null) present |= 1 << (i - first);
      this.out.byte(present);
      for (let i = first; i < end; i++) if (fields[i] !== null) this.#writeField(kinds[i]!, fields[i]);
    }
  }

  #writeField(kind: FieldKind, value: unknown): void {
    const { out } = this;
    switch (kind) {
      case "id":
      case "text":
        return out.sharedText(value as string);
      case "integer":
        return out.amount(value as bigint);
      case "number":
        return out.number(value as number);
      case "flag":
        return out.byte(value === true ? 1 : 0);
      case "instant":
        return out.time(value as number);
      case "money": {
        const { minor, currency } = value as MoneyValue;
        out.amount(minor);
        return out.currencyCode(currency);
      }
    }
  }

  #writeEntry({ leg, currency, minor, dueAt }: Entry): void {
    const { out } = this;
    out.uint(leg);
    out.currency(currency);
    out.amount(minor);
    out.time(dueAt);
  }
}

/** Reads what a `RowWriter` wrote, in the terms of the layout now. */
export class RowReader {
  readonly input: StateReader;
  /** Reads rows that were packed. */
  readonly packs: PackReader | undefined;
  readonly #legs: readonly RuleLeg[];
  readonly #mapping: LayoutMapping;
  readonly #kinds: readonly (readonly FieldKind[])[];
  /** By written input: undefined where fields are as they were. */
  readonly #places: readonly (readonly number[] | undefined)[];

  /** `legs`: those of the rule now. */
  constructor(input: StateReader, mapping: LayoutMapping, legs: readonly RuleLeg[], packs?: PackReader) {
    this.input = input;
    this.packs = packs;
    this.#legs = legs;
    this.#mapping = mapping;
    this.#kinds = mapping.written.inputs.map(({ fields }) => fields.map(({ kind }) => kind));
    this.#places = mapping.fields.map((places, index) => {
      const isSame = places.length === this.#kinds[index]!.length && places.every((place, at) => place === at);
      return isSame ? undefined : places;
    });
  }

  read(): KeptRow {
    const { input } = this;
    const versions = input.uint();
    const written = input.uint();
    const table = input.uint();
    const row = input.text();
    const now = this.#mapping.inputs[written]!;
    const id = `${now}/${table}/${row}`;
    const entries: Entry[] = [];
    for (let left = versions; left > 0; left--) {
      const from = this.#readEvidence(id, written, now, table, row);
      for (let more = input.uint(); more > 0; more--) entries.push(this.#readEntry(from));
    }
    return { id, entries };
  }

  /** The leg now that was written as another number. */
  legOf(written: number): number {
    return this.#mapping.legs[written]!;
  }

  #readEvidence(id: string, written: number, input: number, table: number, row: string): RowEvidence {
    const bytes = this.input;
    const flags = bytes.byte();
    const major = bytes.number();
    const minor = bytes.number();
    const sub = bytes.number();
    const time = bytes.time();
    const seed = (flags & HAS_SEED) === 0 ? null : bytes.time();
    const fields = (flags & HAS_FIELDS) === 0 ? [] : this.#readFields(written);
    return { id, input, table, row, major, minor, sub, time, seed, fields };
  }

  #readFields(written: number): unknown[] {
    const kinds = this.#kinds[written]!;
    const fields: unknown[] = [];
    let present = 0;
    for (let i = 0; i < kinds.length; i++) {
      if (i % 8 === 0) present = this.input.byte();
      fields.push((present & 1) === 0 ? null : this.#readField(kinds[i]!));
      present >>= 1;
    }
    const places = this.#places[written];
    return places === undefined ? fields : places.map((place) => (place < 0 ? null : fields[place]));
  }

  #readField(kind: FieldKind): unknown {
    const { input } = this;
    switch (kind) {
      case "id":
      case "text":
        return input.sharedText();
      case "integer":
        return input.amount();
      case "number":
        return input.number();
      case "flag":
        return input.byte() === 1;
      case "instant":
        return input.time();
      case "money": {
        const minor = input.amount();
        return { minor, currency: input.currencyCode() };
      }
    }
  }

  #readEntry(from: RowEvidence): Entry {
    const { input } = this;
    const leg = this.legOf(input.uint());
    const currency = input.currency();
    const minor = input.amount();
    const dueAt = input.time();
    const rule = this.#legs[leg]!;
    return { leg, side: rule.side, captures: isCapture(rule), currency, minor, dueAt, from };
  }
}

function versionsOf(entries: readonly Entry[]): number {
  let versions = 0;
  for (let at = 0; at < entries.length; at++) if (at === 0 || entries[at]!.from !== entries[at - 1]!.from) versions++;
  return versions;
}
