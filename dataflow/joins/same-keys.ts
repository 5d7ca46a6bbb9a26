import { raise } from "../../base/errors.ts";
import type { KeySpec } from "../keys.ts";

/** `unknown` where two keys have parts of the same types; else what a person reads in the compiler's message. */
export type SameKeys<L, R> = [L, R] extends [R, L]
  ? unknown
  : {
      readonly "both sides of a join must be keyed by values of the same types": {
        readonly left: L;
        readonly right: R;
      };
    };

/** Keys of other kinds have other texts, and would never meet. JOB_KEYS_DIFFER. */
export function checkKeys(place: string, left: KeySpec, right: KeySpec): void {
  const [ofLeft, ofRight] = [left, right].map(({ parts }) => parts.map(({ kind }) => kind).join(", "));
  if (ofLeft !== ofRight) raise("JOB_KEYS_DIFFER", { place, left: ofLeft!, right: ofRight! });
}
