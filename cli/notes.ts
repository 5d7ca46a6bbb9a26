import { masked } from "./secrets.ts";
import { printable } from "./table.ts";
import { noteColors, terminal } from "./terminal.ts";

/** Tells people on stderr what they may want to know, in a line of its own, without secrets. */
export function tellNote(text: string): void {
  tell("note", text);
}

/** Tells people on stderr what may turn out wrong, in the same way. */
export function tellWarning(text: string): void {
  tell("warning", text);
}

function tell(kind: string, text: string): void {
  terminal.note(`${noteColors.yellow(`${kind}:`)} ${printable(masked(text))}`);
}
