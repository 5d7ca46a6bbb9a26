import { createColors } from "picocolors";

type Colors = ReturnType<typeof createColors>;

/** Where a command writes: data to stdout; progress and diagnostics to stderr. */
export interface Terminal {
  /** Colours for stdout; they do nothing where it takes none. */
  readonly colors: Colors;
  /** Writes text as data, with a line's end behind it. */
  print(text: string): void;
  /** Writes one JSON document as data, bigints as decimal text. */
  printJson(value: unknown): void;
  /** Writes a diagnostic line. */
  note(text: string): void;
}

/** The terminal of this process. */
export const terminal: Terminal = {
  colors: createColors(takesColors(process.stdout)),
  print: (text) => void process.stdout.write(`${text}\n`),
  printJson: (value) => void process.stdout.write(`${withoutControls(toJson(value, 2))}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
};

/** Colours for what goes to stderr. */
export const noteColors: Colors = createColors(takesColors(process.stderr));

/** JSON of values that hold bigints, which become decimal text. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, member) => (typeof member === "bigint" ? member.toString() : member), indent);
}

/** JSON leaves these as they are, but terminals take some of them for commands. */
function withoutControls(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
}

/** See no-color.org: any value but the empty one turns colours off. */
function takesColors(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}
