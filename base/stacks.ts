import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { CountercheckError } from "./errors.ts";

/** Begins the names of files in the source map of a job that was bundled; behind it stands how its author calls them. */
export const SOURCE_SCHEME = "job:";

/** Folders and files of this package that are nobody's job. */
const ENGINE = /^(base|checks|cli|connectors|dataflow|flink|runtime|schemas|snapshots|state|testing|index\.ts)\b/;
const PACKAGE = /(^|[\\/])node_modules[\\/]/;

/** Of a frame: the file, or what stands for it, and the place in it. */
const FRAME = /^ {4}at (?:.* \()?(?:async )?(.+?)(?::(\d+:\d+))?\)?$/;

/**
 * Where the author of a job finds what was thrown, as `mine/rules.ts:6:9`: the first place in a stack, be it that of a
 * cause, that is neither of this package nor of another. Empty where there is none.
 */
export function authorsPlace(error: unknown): string {
  for (const thrown of causesOf(error)) {
    const own = isWrapper(thrown) ? undefined : (excerptOf(thrown) ?? framesOf(thrown).find(isAuthors));
    if (own !== undefined) return `${shownFile(own.file)}:${own.position}`;
  }
  return "";
}

/** The author's place as messages have it behind what failed: ` at mine/rules.ts:6:9`, or nothing. */
export function atPlace(error: unknown): string {
  const place = authorsPlace(error);
  return place && ` at ${place}`;
}

/** What was thrown, with its class where that says more: `TypeError: x is not a function`. */
export function thrownText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "Error" || error instanceof CountercheckError
    ? error.message
    : `${error.name}: ${error.message}`;
}

/**
 * The stacks of an error and its causes, for people who mend a job: where it was thrown first, and how this package came to
 * call the job not at all. A cause that the text before does not tell has a line of its own. Lines begin with spaces.
 */
export function failureStack(error: unknown): string {
  const lines: string[] = [];
  let told = "";
  for (const thrown of causesOf(error)) {
    const text = thrownText(thrown);
    if (told !== "" && !told.includes(text)) lines.push(`    because of ${text.replaceAll("\n", "\n    ")}`);
    told += text;
    if (!isWrapper(thrown)) lines.push(...ownFrames(framesOf(thrown)).map(({ line }) => line));
  }
  return lines.join("\n");
}

/** The stacks of an error and its causes as they are, for who asks for all of it. */
export function fullStack(error: Error): string {
  const cause = error.cause instanceof Error ? `\nCaused by: ${fullStack(error.cause)}` : "";
  return (error.stack ?? error.message) + cause;
}

interface Frame {
  readonly line: string;
  readonly file: string;
  readonly position: string;
}

/** The error and what caused it, outermost first. */
function causesOf(error: unknown): unknown[] {
  const all: unknown[] = [];
  for (let at = error; at !== undefined && !all.includes(at); at = at instanceof Error ? at.cause : undefined)
    all.push(at);
  return all;
}

/** What Node cannot read it shows in front of the stack: the file with the line, then its text with carets below. */
function excerptOf(error: unknown): Pick<Frame, "file" | "position"> | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  const [, file, line, carets] = EXCERPT.exec(error.stack ?? "") ?? [];
  return file === undefined ? undefined : { file, position: `${line}:${carets!.length + 1}` };
}

const EXCERPT = /^(\S.*):(\d+)\n(?:.*\n){0,5}?( *)\^+\n/;

/** An error of ours that has a cause was thrown where that was caught. */
function isWrapper(thrown: unknown): boolean {
  return thrown instanceof CountercheckError && thrown.cause instanceof Error;
}

function framesOf(error: unknown): Frame[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack.split("\n").flatMap((line) => {
    const [, file, position = ""] = FRAME.exec(line) ?? [];
    return file === undefined ? [] : [{ line, file, position }];
  });
}

/** Without the frames below the last of the author's; all of them where there is none. */
function ownFrames(frames: readonly Frame[]): readonly Frame[] {
  const last = frames.findLastIndex(isAuthors);
  return last < 0 ? frames : frames.slice(0, last + 1);
}

function isAuthors({ file, position }: Frame): boolean {
  if (position === "" || file.startsWith("node:") || PACKAGE.test(file)) return false;
  return !(file.startsWith(root()) && ENGINE.test(file.slice(root().length)));
}

/** A file as its author calls it: relative where it lies below the current folder. */
function shownFile(file: string): string {
  if (file.startsWith(SOURCE_SCHEME)) return file.slice(SOURCE_SCHEME.length);
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const way = relative(process.cwd(), path);
  return isAbsolute(path) && !way.startsWith("..") ? way : path;
}

let knownRoot: string | undefined;

/** What the files of this package begin with in stacks; in a bundle that depends on its map. */
function root(): string {
  if (knownRoot === undefined) {
    const here = framesOf(new Error("where"))[0]?.file ?? "";
    const end = here.lastIndexOf("base/stacks.ts");
    // Without it every file is taken for the author's.
    knownRoot = end < 0 ? "nowhere:" : here.slice(0, end);
  }
  return knownRoot;
}
