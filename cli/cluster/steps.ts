import { openProgress } from "../progress.ts";
import { masked } from "../secrets.ts";
import { printable, printableLines } from "../table.ts";
import { terminal } from "../terminal.ts";

/** Shows what a command is at, on stderr: a line for each step. */
export interface Steps {
  /** What is done from now on. */
  begin(step: string): void;
  /** How far it is, for whoever looks on. */
  far(detail: string): void;
  /** What is to be known besides, in several lines perhaps. */
  note(text: string): void;
  /** Leaves the last line standing. */
  done(): void;
}

/** Steps for whoever reads stderr: live on a terminal; nothing at all if `quiet`. */
export function openSteps(quiet: boolean): Steps {
  if (quiet) return { begin: () => undefined, far: () => undefined, note: () => undefined, done: () => undefined };
  if (!process.stderr.isTTY)
    return { begin: (step) => terminal.note(printable(step)), far: () => undefined, note, done: () => undefined };
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
    note: (text) => {
      progress.done();
      note(text);
      show();
    },
    done: () => progress.done(),
  };
}

function note(text: string): void {
  terminal.note(printableLines(masked(text)));
}
