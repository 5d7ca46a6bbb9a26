import type { FieldKind } from "../../dataflow/model.ts";

/** Words that a field takes in a row; the bytes of a text are elsewhere, here is how many. */
export const FIELD_WORDS: Readonly<Record<FieldKind, number>> = {
  id: 1,
  text: 1,
  integer: 2,
  number: 2,
  flag: 1,
  instant: 2,
  /** The amount, and the currency. */
  money: 3,
};

/** Words of all fields of a model, with the bits that say which of them have a value in front. */
export function fieldWordsOf(kinds: readonly FieldKind[]): number {
  return kinds.reduce((sum, kind) => sum + FIELD_WORDS[kind], Math.ceil(kinds.length / 32));
}
