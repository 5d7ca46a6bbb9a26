import type { ByteReader, ByteWriter } from "../../base/bytes.ts";

/** Records of a split that a breaking change keeps from some models, from the first one on. */
interface Gap {
  /** That of the suspension which told it. */
  readonly id: string;
  readonly schemaId: number;
  /** Offset of the first record that was left out. */
  readonly offset: number;
  /** Models that could not read it, with their declarations at the last try. */
  readonly models: Map<string, number>;
  /** While it is read again: the offset that must be reached for it to be closed; undefined else. */
  until: number | undefined;
}

/** The declaration of a model of the table as it is now, by name; undefined for one that reads it no more. */
export type Declarations = (model: string) => number | undefined;

/**
 * What one split left out since breaking changes. A job that goes on with a model that is declared otherwise reads its
 * gaps again, from the first record on: the row stage drops what was taken already. A gap is closed when all of it was
 * read and nothing was left out this time.
 */
export class LeftOut {
  readonly #declarations: Declarations;
  #gaps: Gap[] = [];

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  /** Models that something was left out for. */
  get models(): readonly string[] {
    return [...new Set(this.#gaps.flatMap(({ models }) => [...models.keys()]))];
  }

  /** True while something is read again. */
  get isReadAgain(): boolean {
    return this.#gaps.some(({ until }) => until !== undefined);
  }

  /** True when it was told already that models cannot be read from a schema. */
  isTold(schemaId: number, models: readonly string[]): boolean {
    const told = this.#gaps.filter((gap) => gap.schemaId === schemaId);
    return models.every((model) => told.some((gap) => gap.models.has(model)));
  }

  /** Records of a schema are left out for models from an offset on, as the suspension `id` tells. */
  begin(id: string, schemaId: number, offset: number, models: readonly string[]): void {
    const declared = models.map((model) => [model, this.#declarations(model)!] as const);
    const known = this.#gaps.find((gap) => gap.id === id);
    for (const [model, declaration] of known === undefined ? [] : declared) known!.models.set(model, declaration);
    if (known === undefined) this.#gaps.push({ id, schemaId, offset, models: new Map(declared), until: undefined });
  }

  /** Something was left out for a model: what was to be read again is not whole. */
  note(model: string): void {
    for (const gap of this.#gaps) if (gap.models.has(model)) gap.until = undefined;
  }

  /** Closes the gaps that have been read again when the split is at an offset; gives what had told them. */
  takeMended(position: number): readonly string[] {
    const isMended = ({ until }: Gap) => until !== undefined && position >= until;
    if (!this.#gaps.some(isMended)) return NONE;
    const mended = this.#gaps.filter(isMended).map(({ id }) => id);
    this.#gaps = this.#gaps.filter((gap) => !isMended(gap));
    return mended;
  }

  save(out: ByteWriter): void {
    out.uint(this.#gaps.length);
    for (const { id, schemaId, offset, models, until } of this.#gaps) {
      out.text(id);
      out.uint(schemaId);
      out.uint(offset);
      out.uint(models.size);
      for (const [model, declaration] of models) {
        out.text(model);
        out.uint(declaration);
      }
      out.flag(until !== undefined);
      if (until !== undefined) out.uint(until);
    }
  }

  /**
   * Takes in what was saved of a split that was read up to an offset. Gives the offset to go back to where a model that
   * something was left out for is declared otherwise now, or is gone: it may be readable.
   */
  restore(input: ByteReader, position: number): number | undefined {
    let back: number | undefined;
    for (let gaps = input.uint(); gaps > 0; gaps--) {
      const [id, schemaId, offset] = [input.text(), input.uint(), input.uint()];
      const saved = new Map<string, number>();
      for (let models = input.uint(); models > 0; models--) saved.set(input.text(), input.uint());
      const until = input.flag() ? input.uint() : undefined;
      const isOther = [...saved].some(([model, declaration]) => this.#declarations(model) !== declaration);
      const gap: Gap = { id, schemaId, offset, models: this.#declaredNow(saved), until };
      if (isOther) {
        gap.until = Math.max(position, until ?? 0);
        back = Math.min(offset, back ?? offset);
      }
      this.#gaps.push(gap);
    }
    return back;
  }

  #declaredNow(models: ReadonlyMap<string, number>): Map<string, number> {
    const now = new Map<string, number>();
    for (const model of models.keys()) {
      const declaration = this.#declarations(model);
      if (declaration !== undefined) now.set(model, declaration);
    }
    return now;
  }
}

const NONE: readonly string[] = [];
