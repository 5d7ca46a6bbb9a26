import { raise } from "../../base/errors.ts";
import { declared } from "../declared.ts";
import { type Field, type Fields, isFieldName } from "../model.ts";

/** A field of one side of a join, where a selection names it. */
export interface Ref<D extends Field = Field> {
  readonly side: "left" | "right";
  readonly name: string;
  readonly field: D;
}

/** The fields of one side, for a selection to name. */
export type Refs<F extends Fields> = { readonly [K in keyof F]: Ref<F[K]> };

/** What a join hands on: its fields by name, each from a field of one side. */
export type Selection = Readonly<Record<string, Ref>>;

/** The fields of a selection. */
export type SelectedFields<S extends Selection> = {
  readonly [K in keyof S]: S[K] extends Ref<infer D> ? D : never;
};

/** Asks a job what its join hands on. JOB_SELECTION_INVALID. */
export function selectionOf<L extends Fields, R extends Fields, S extends Selection>(
  place: string,
  left: L,
  right: R,
  select: (left: Refs<L>, right: Refs<R>) => S,
): S {
  declared.callable(place, "select", select);
  const selected = select(refsOf("left", left), refsOf("right", right));
  declared.spec(`select of ${place}`, selected);
  for (const [name, ref] of Object.entries(selected)) {
    if (!isFieldName(name))
      raise("JOB_SELECTION_INVALID", {
        field: JSON.stringify(name),
        place,
        reason: "its name should be letters and digits",
      });
    if (ref?.field === undefined)
      raise("JOB_SELECTION_INVALID", { field: name, place, reason: "it is no field of either side" });
  }
  return selected;
}

/** The declared fields of what a join hands on. */
export function selectedFields<S extends Selection>(selection: S): SelectedFields<S> {
  return Object.fromEntries(Object.entries(selection).map(([name, { field }]) => [name, field])) as SelectedFields<S>;
}

/** The fields of a side, for a job to name. */
export function refsOf<F extends Fields>(side: Ref["side"], fields: F): Refs<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { side, name, field }]),
  ) as unknown as Refs<F>;
}
