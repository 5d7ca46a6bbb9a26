import { raise } from "../base/errors.ts";
import type { Node } from "./graph.ts";
import { type Fields, isFieldName } from "./model.ts";

/**
 * Jobs run without the compiler, so what it would have said of what they declare is said by these. Each throws
 * JOB_DECLARATION_INVALID, with the `place` where the job says it.
 */
export const declared = {
  /** An object that says what is wanted, such as `{ type: "inner", select }`. */
  spec(place: string, given: unknown): void {
    if (typeof given !== "object" || given === null)
      refuse(place, `it needs an object that says what is wanted, and has ${shown(given)}`);
  },

  /** A function that gives its result at once; `isOptional` where it may be left out. */
  callable(place: string, name: string, given: unknown, isOptional = false): void {
    // The compiler takes it for one that gives nothing; behind its first `await` another row would be looked at.
    if (given instanceof AsyncFunction) {
      refuse(place, `its ${name} is async, and should do its work at once: lookup() asks what is outside`);
    }
    if (typeof given === "function" || (isOptional && given === undefined)) return;
    refuse(place, `its ${name} is ${shown(given)}, and should be a function`);
  },

  /** Fields by name, each with what it holds. */
  fields(place: string, given: unknown): void {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      refuse(place, `its fields are ${shown(given)}, and should be an object such as { id: id(), total: money() }`);
    }
    for (const [name, field] of Object.entries(given as Partial<Fields>)) {
      if (!isFieldName(name)) refuse(place, `the name of its field ${shown(name)} should be letters and digits`);
      if (!KINDS.has(field?.kind))
        refuse(place, `its field ${name} is not declared by id(), text() or another of them`);
    }
  },

  /** A text that is not empty, such as a uid. */
  name(place: string, what: string, given: unknown): void {
    if (typeof given !== "string" || given === "")
      refuse(place, `its ${what} is ${shown(given)}, and should be a text`);
  },

  /** Another stream or changelog: `is` says which of them, `wanted` says it for people. */
  stream(place: string, given: { readonly node?: Node } | undefined | null, is: boolean, wanted: string): void {
    if (given?.node === undefined || !is) refuse(place, `it needs ${wanted}`);
  },
};

/** JOB_DECLARATION_INVALID. */
export function refuse(place: string, reason: string): never {
  return raise("JOB_DECLARATION_INVALID", { place, reason });
}

/** What was given, for a message. */
export function shown(given: unknown): string {
  if (typeof given === "function") return "a function";
  if (Array.isArray(given)) return "a list";
  if (typeof given === "object" && given !== null) return "an object";
  return typeof given === "string" ? JSON.stringify(given) : String(given);
}

const AsyncFunction = (async () => undefined).constructor as new () => unknown;

const KINDS: ReadonlySet<unknown> = new Set(["id", "text", "integer", "number", "flag", "instant", "money"]);
