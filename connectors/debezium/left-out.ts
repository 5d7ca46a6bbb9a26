import type { ByteReader, ByteWriter } from "../../base/bytes.ts";

/** Records of one schema that a split left out for one model, from the first one on. */
interface Gap {
  /** Names the suspension which told it, for ever. */
  readonly id: string;
  readonly schemaId: number;
  readonly model: string;
  /** Of the model at the last try; undefined for one that reads the table no more. */
  readonly declaration: number | undefined;
  /** Offset of the first record that was left out. */
  readonly offset: number;
  /** Records that were left out, and the offset behind the last of them. */
  count: number;
  end: number;
  /** It is read again, and nothing of it was left out this time. */
  isReadAgain: boolean;
}

/** The declaration of a model of the table as it is now, by name; undefined for one that reads it no more. */
export type Declarations = (model: string) => number | undefined;

/**
 * What one split left out since breaking changes, for each model and schema by itself: that one stays broken keeps no
 * other from being mended. A job that goes on with a model that is declared otherwise reads its gaps again, from the first
 * record on: the row stage drops what was taken already. A gap is closed when all of it was read and nothing was left out
 * this time.
 */
export class LeftOut {
  readonly #declarations: Declarations;
  #gaps: Gap[] = [];
  /** The farthest offset that was read up to before gaps were gone back to: where it is reached, all were read again. */
  #reached = 0;

  constructor(declarations: Declarations) {
    this.#declarations = declarations;
  }

  /** Records that are left out, by model. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { model, count } of this.#gaps) if (count > 0) counts.set(model, (counts.get(model) ?? 0) + count);
    return counts;
  }

  /** Models that something was left out for. */
  get models(): readonly string[] {
    return [...new Set(this.#gaps.map(({ model }) => model))];
  }

  /** True while something is read again. */
  get isReadAgain(): boolean {
    return this.#gaps.some((gap) => gap.isReadAgain);
  }

  /** True when it was told already that a model cannot be read from a schema. */
  isTold(schemaId: number, model: string): boolean {
    return this.#find(schemaId, model) !== undefined;
  }

  /** Records of a schema are left out for a model from an offset on, as the suspension `id` tells. */
  begin(id: string, schemaId: number, offset: number, model: string): void {
    const declaration = this.#declarations(model);
    this.#gaps.push({ id, schemaId, model, declaration, offset, count: 0, end: offset, isReadAgain: false });
  }

  /**
   * Records at `offsets[0 .. count)`, which ascend, and of which one may have two rows, were left out: of what was to be read
   * again, the gap is not whole.
   */
  note(model: string, schemaId: number, offsets: ArrayLike<number>, count: number): void {
    const gap = this.#find(schemaId, model);
    if (gap === undefined || count === 0) return;
    if (offsets[0]! < this.#reached) gap.isReadAgain = false;
    for (let i = 0; i < count; i++) if (offsets[i]! >= gap.end && offsets[i] !== offsets[i - 1]) gap.count++;
    gap.end = Math.max(gap.end, offsets[count - 1]! + 1);
  }

  /** Closes the gaps that have been read again when the split is at an offset; gives what had told them. */
  takeMended(position: number): readonly string[] {
    if (position < this.#reached || !this.isReadAgain) return NONE;
    const mended = this.#gaps.filter((gap) => gap.isReadAgain).map(({ id }) => id);
    this.#gaps = this.#gaps.filter((gap) => !gap.isReadAgain);
    return mended;
  }

  save(out: ByteWriter): void {
    out.uint(this.#reached);
    out.uint(this.#gaps.length);
    for (const { id, schemaId, model, declaration, offset, count, end, isReadAgain } of this.#gaps) {
      out.text(id);
      out.uint(schemaId);
      out.text(model);
      out.uint(declaration ?? NOT_DECLARED);
      for (const value of [offset, count, end]) out.uint(value);
      out.flag(isReadAgain);
    }
  }

  /**
   * Takes in what was saved of a split that was read up to an offset. Gives the offset to go on from: an earlier one where
   * a model that something was left out for is declared otherwise now, or is gone, since it may be readable.
   */
  restore(input: ByteReader, position: number): number {
    this.#reached = Math.max(position, input.uint());
    let from = position;
    for (let gaps = input.uint(); gaps > 0; gaps--) {
      const [id, schemaId, model] = [input.text(), input.uint(), input.text()];
      const saved = input.uint();
      const [offset, count, end] = [input.uint(), input.uint(), input.uint()];
      const isReadAgain = input.flag();
      const declaration = this.#declarations(model);
      const kept = { id, schemaId, model, declaration, offset };
      if ((declaration ?? NOT_DECLARED) === saved) {
        this.#gaps.push({ ...kept, count, end, isReadAgain });
        continue;
      }
      this.#gaps.push({ ...kept, count: 0, end: offset, isReadAgain: true });
      from = Math.min(from, offset);
    }
    return from;
  }

  #find(schemaId: number, model: string): Gap | undefined {
    return this.#gaps.find((gap) => gap.schemaId === schemaId && gap.model === model);
  }
}

/** No declaration is 0. */
const NOT_DECLARED = 0;

const NONE: readonly string[] = [];
