import { masked } from "../secrets.ts";
import { type DefectCode, type DetailsOf, defects } from "./defects/defects.ts";

/** One line of the doctor's: what was looked at, how it is, what follows from it and what to do. */
export interface Finding {
  readonly level: Level;
  /** What was looked at: `source shop`, `registry`, … */
  readonly about: string;
  /** How it is; where there is no `follows`, with what follows and what to do. */
  readonly says: string;
  /** Which defect it is: a row of docs/reference/doctor.md. */
  readonly code?: DefectCode;
  /** What would go wrong, for the money above all. */
  readonly follows?: string;
  /** What to do, with the statement or the setting. */
  readonly remedy?: string;
}

/**
 * `ok`: nothing to be done. `note`: good to know, nothing is wrong today. `warning`: it will run, but not as well as it
 * could. `problem`: it will not run, or not tell the truth.
 */
export type Level = "ok" | "note" | "warning" | "problem";

export const ok = (about: string, says: string): Finding => ({ level: "ok", about, says });
export const warning = (about: string, says: string): Finding => ({ level: "warning", about, says });
export const problem = (about: string, says: string): Finding => ({ level: "problem", about, says });

/** The finding without any secret that was looked up: what servers and drivers say may hold one. */
export function withoutSecrets(finding: Finding): Finding {
  const { says, follows, remedy } = finding;
  return {
    ...finding,
    says: masked(says),
    ...(follows !== undefined && { follows: masked(follows) }),
    ...(remedy !== undefined && { remedy: masked(remedy) }),
  };
}

/** A defect of the table, filled in. */
export function defect<C extends DefectCode>(code: C, about: string, details: DetailsOf<C>): Finding {
  const { level, says, follows, remedy } = defects[code];
  const filled = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => String((details as Record<string, string | number>)[name]));
  return { level, about, says: filled(says), code, follows: filled(follows), remedy: filled(remedy) };
}
