import { historyEntry } from "../../cli/recorder.ts";
import { toJson } from "../../cli/terminal.ts";
import type { VerdictRecord } from "../../schemas/contracts.ts";

/** What verdicts come to, whoever brought them out: every one of them, and the last of each key. */
export interface History {
  /** The lines that `--history` writes. */
  readonly history: readonly string[];
  /** Of each key of a check in a currency and period its last verdict. */
  readonly last: readonly string[];
}

/** Both as sorted lines, without clocks, offsets and positions. */
export function historyOf(verdicts: readonly VerdictRecord[]): History {
  const last = new Map<string, string>();
  for (const verdict of verdicts) {
    const { check, key, currency, period, status, class: cause, atRisk, baseline } = verdict;
    last.set([check, key, currency, period].join(" "), toJson({ status, class: cause, atRisk, baseline }));
  }
  return {
    history: verdicts.map((verdict) => toJson(historyEntry(verdict))).sort(),
    last: [...last].map(([name, line]) => `${name}: ${line}`).sort(),
  };
}
