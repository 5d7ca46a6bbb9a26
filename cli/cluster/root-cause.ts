/** What a failure was, out of what Java prints of it. */
export interface RootCause {
  /** The message of the cause, without the name of its class and without stacks. */
  readonly message: string;
  /** Lines of the TypeScript stack, outermost last, with places in the job's own files: `at judge (jobs/mine/job.ts:12:5)`. */
  readonly stack: readonly string[];
}

/** Begins the names of sources in the bundle's source map. */
export const SOURCE_SCHEME = "job:";

/** Most lines of a stack that are shown. */
const MOST_FRAMES = 12;

/**
 * The root cause in a printed Java exception: the last one that is ours, since it says what to do, and otherwise the last.
 * A text that is no stack is its own message.
 */
export function rootCauseOf(trace: string): RootCause {
  const causes = trace.replace(/\r/g, "").split(/\n\s*Caused by: /);
  const cause = causes.findLast((text) => /^countercheck\./.test(text)) ?? causes.at(-1)!;
  const lines: string[] = [];
  for (const line of cause.split("\n")) {
    if (JAVA_FRAME.test(line)) break;
    lines.push(line);
  }
  const isFrame = (line: string) => TYPESCRIPT_FRAME.test(line);
  const message = lines
    .filter((line) => !isFrame(line))
    .join("\n")
    .replace(/^<?Exception on server side:\s*/, "")
    .replace(CLASS_NAME, "")
    .trim();
  return {
    message,
    stack: lines
      .filter((line) => isFrame(line) && !OF_NODE.test(line))
      .slice(0, MOST_FRAMES)
      .map(shown),
  };
}

const JAVA_FRAME =
  /^\s+(at [\w.$/@-]+\.[\w$<>]+\((.*\.java:\d+|.*\.java|Unknown Source|Native Method|.*\.scala:\d+)\)|\.\.\. \d+ (more|common frames))/;
const TYPESCRIPT_FRAME = /^\s+at .*(\.[cm]?[jt]s:\d+:\d+|node:[\w/]+:\d+:\d+|<anonymous>|native)\)?$/;
/** What Node does around a job says nothing. */
const OF_NODE = /\bnode:[\w/]+:\d+:\d+\)?$/;
const CLASS_NAME = /^([a-z]\w*\.)+[\w$]+(: |$)/;

/** A frame with the file as its author calls it. */
function shown(line: string): string {
  return line.trim().replace(new RegExp(`(^|[\\s(])${SOURCE_SCHEME}`), "$1");
}
