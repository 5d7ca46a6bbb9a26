import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { historyEntry, Recorder, writeHistory } from "../../cli/recorder.ts";
import { toJson } from "../../cli/terminal.ts";
import type { EmittedAlert, VerdictRecord } from "../../schemas/contracts.ts";

/** What a job has brought out, whoever ran it. */
export interface Outcome {
  readonly verdicts: readonly VerdictRecord[];
  readonly alerts: readonly (EmittedAlert & { readonly epoch?: number })[];
}

/** What it comes to, as texts that are the same for the same outcome. */
export interface Files {
  /** What `--history` writes: every verdict, in the order of keys and versions. */
  readonly history: string;
  /** As `--verdicts` has it, of each key the last verdict. */
  readonly verdicts: string;
  /** Every step of alerts, without its epoch. */
  readonly alerts: string;
}

/** Writes an outcome into a folder, as the embedded runner writes it, and gives what the files have. */
export function writeFiles(folder: string, { verdicts, alerts }: Outcome): Files {
  mkdirSync(folder, { recursive: true });
  const history = join(folder, "history.jsonl");
  writeHistory(history, verdicts.map(historyEntry));
  const last = join(folder, "verdicts.jsonl");
  const recorder = new Recorder();
  const lasts = new Map(verdicts.map((verdict) => [[verdict.check, verdict.key, verdict.currency].join(" "), verdict]));
  recorder.finals.push(...lasts.values());
  recorder.writeFinals(last);
  // A check has their fields in another order than the contract.
  const steps = alerts.map(({ epoch: _, fields: __, ...step }) =>
    toJson(Object.fromEntries(Object.entries(step).sort(([a], [b]) => (a < b ? -1 : 1)))),
  );
  return {
    history: readFileSync(history, "utf8"),
    verdicts: readFileSync(last, "utf8"),
    alerts: steps.sort().join("\n"),
  };
}
