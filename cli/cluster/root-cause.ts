import { SOURCE_SCHEME } from "../../base/stacks.ts";

/** What a failure was, out of what Java prints of it. */
export interface RootCause {
  /** The message of the cause, without the name of its class and without stacks. */
  readonly message: string;
  /**
   * Lines of the TypeScript stack, outermost last, with places in the job's own files: `at judge (jobs/mine/job.ts:12:5)`.
   * Between them stands what a cause says.
   */
  readonly stack: readonly string[];
}

/** Most lines of a stack that are shown. */
const MOST_LINES = 12;

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
  const first = lines.findIndex((line) => TYPESCRIPT_FRAME.test(line));
  const [said, stack] = first < 0 ? [lines, []] : [lines.slice(0, first), lines.slice(first)];
  const message = said
    .join("\n")
    .replace(/^<?Exception on server side:\s*/, "")
    .replace(CLASS_NAME, "")
    .trim();
  return {
    message,
    stack: stack
      .filter((line) => !OF_NODE.test(line))
      .slice(0, MOST_LINES)
      .map(shown),
  };
}

const JAVA_FRAME =
  /^\s+(at [\w.$/@-]+\.[\w$<>]+\((.*\.java:\d+|.*\.java|Unknown Source|Native Method|.*\.scala:\d+)\)|\.\.\. \d+ (more|common frames))/;
const TYPESCRIPT_FRAME = /^\s+at .*(\.[cm]?[jt]s:\d+:\d+|node:[\w/]+:\d+:\d+|<anonymous>|native)\)?( \{)?$/;
/** What Node does around a job, and its version, say nothing. */
const OF_NODE = /\bnode:[\w/]+:\d+:\d+\)?( \{)?$|^(Node\.js v.*|\s*)$/;
const CLASS_NAME = /^([a-z]\w*\.)+[\w$]+(: |$)/;

/** A frame with the file as its author calls it. */
function shown(line: string): string {
  return line.trim().replace(new RegExp(`(^|[\\s(])${SOURCE_SCHEME}`), "$1");
}
