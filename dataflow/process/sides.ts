import { raise } from "../../base/errors.ts";
import { isFieldName } from "../model.ts";
import type { Sides } from "./process-spec.ts";

/** Jobs run without the compiler, so what it would have said is said here. JOB_SIDE_INVALID. */
export function checkSides(place: string, sides: Sides): void {
  for (const [side, fields] of Object.entries(sides)) {
    const invalid = (reason: string) => raise("JOB_SIDE_INVALID", { side, place, reason });
    if (!isFieldName(side)) invalid("its name should be letters and digits");
    if (fields === null || typeof fields !== "object") invalid("it has no fields");
    for (const [field, declared] of Object.entries(fields)) {
      if (declared?.kind === undefined)
        invalid(`its field ${field} is not declared by id(), text() or another of them`);
    }
  }
}

/** A side output that is used, and is not declared: JOB_SIDE_INVALID. */
export function raiseUnknownSide(place: string, sides: Sides, side: string): never {
  const known = Object.keys(sides).join(", ") || "none";
  return raise("JOB_SIDE_INVALID", { side, place, reason: `it is not declared, and there are: ${known}` });
}
