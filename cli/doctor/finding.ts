/** One line of the doctor's: what was looked at, how it is, what follows from it and what to do. */
export interface Finding {
  readonly level: "ok" | "warning" | "problem";
  /** What was looked at: `source shop`, `registry`, … */
  readonly about: string;
  readonly says: string;
}

/** Nothing to be done. */
export const ok = (about: string, says: string): Finding => ({ level: "ok", about, says });
/** It will run, but not as well as it could. */
export const warning = (about: string, says: string): Finding => ({ level: "warning", about, says });
/** It will not run, or not tell the truth. */
export const problem = (about: string, says: string): Finding => ({ level: "problem", about, says });
