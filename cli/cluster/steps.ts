import { openProgress } from "../progress.ts";
import { printable } from "../table.ts";
import { terminal } from "../terminal.ts";

/** Shows what a command is at, on stderr: a line for each step. */
export interface Steps {
  /** What is done from now on. */
  begin(step: string): void;
  /** How far it is, for whoever looks on. */
  far(detail: string): void;
  /** Leaves the last line standing. */
  done(): void;
}

/** Steps for whoever reads stderr: live on a terminal; nothing at all if `quiet`. */
export function openSteps(quiet: boolean): Steps {
  if (quiet) return { begin: () => undefined, far: () => undefined, done: () => undefined };
  if (!process.stderr.isTTY)
    return { begin: (step) => terminal.note(printable(step)), far: () => undefined, done: () => undefined };
  const progress = openProgress(false);
  let step = "";
  let detail = "";
  const show = () => progress.show(() => [printable(detail === "" ? step : `${step}: ${detail}`)]);
  return {
    begin: (next) => {
      progress.done();
      [step, detail] = [next, ""];
      show();
    },
    far: (next) => {
      detail = next;
      show();
    },
    done: () => progress.done(),
  };
}
