/**
 * Holds records that changed in memory, and puts them into its table later: a checkpoint does not wait for them. At its
 * barrier it is told of a cut. What is held then belongs to the checkpoint as it is: it is put in front of the cut
 * (`StoreTable.inFront`), at the latest when it is asked for and could be changed.
 */
export interface WriteBehind {
  /** What it holds is in front of a cut from now on, and what changes behind it. Nothing is in front of an earlier one. */
  cut(): void;
  /** Puts what is in front of the cut until that is `enough`; true when none of it is left. */
  putFront(enough: () => boolean): boolean;
}
