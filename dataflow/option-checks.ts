import { raise } from "../base/errors.ts";
import type { Duration } from "../base/time.ts";

/** Errors that say what is wrong with an operator's options. */
type OptionCode = "JOB_JOIN_INVALID" | "JOB_CHANGELOG_INVALID";

/** Jobs run without the compiler, so what it would have said of options is said by these, with the error that is named. */
export const optionChecks = {
  /** A length of time that may be left out, and is not empty. */
  length(code: OptionCode, place: string, name: string, length: Duration | undefined): void {
    if (length === undefined || (Number.isFinite(length) && length > 0)) return;
    raise(code, {
      place,
      reason: `its ${name} is ${String(length)}, and should be a length of time, such as hours(24)`,
    });
  },

  /** One of some texts. */
  oneOf(code: OptionCode, place: string, name: string, given: string, known: readonly string[]): void {
    if (known.includes(given)) return;
    const texts = known.map((each) => JSON.stringify(each));
    const wanted = texts.length > 2 ? `one of ${texts.join(", ")}` : texts.join(" or ");
    raise(code, { place, reason: `its ${name} is ${JSON.stringify(given)}, and should be ${wanted}` });
  },
};
