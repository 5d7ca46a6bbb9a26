import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { BuildOptions, Metafile } from "esbuild";

/** What esbuild would leave to the running program, and is an error here: the program would fail far away. */
export const STRICT: NonNullable<BuildOptions["logOverride"]> = {
  "unsupported-require-call": "error",
  "unsupported-dynamic-import": "error",
};

/** How a module names its own place, by which it finds files beside it. */
const OWN_PLACE = /\bimport\.meta\.(?:dirname|filename|url|resolve)\b|\b__(?:dirname|filename)\b/;

/** What of the author's own files relies on files that do not go along, each with its place. */
export function problemsOf({ inputs }: Metafile, folder: string, root: string): string[] {
  return Object.keys(inputs)
    .filter((input) => !/(^|\/)node_modules\//.test(input) && !/^[\w-]+:/.test(input))
    .map((input) => ({ input, path: resolve(folder, input) }))
    .filter(({ path }) => !isOurs(path, root))
    .flatMap(({ input, path }) => {
      const lines = readFileSync(path, "utf8").split("\n");
      return lines.flatMap((line, i) => {
        const [found] = OWN_PLACE.exec(line.replace(/^\s*(\/\/|\*|\/\*).*/, "")) ?? [];
        const reason = `${found}: files beside the job do not go along; import what is in them, as a module`;
        return found === undefined ? [] : [`${input}:${i + 1}: ${reason}`];
      });
    });
}

/** Jobs that ship are their authors' like any other. */
function isOurs(path: string, root: string): boolean {
  return path.startsWith(root) && OUR_ROOMS.some((room) => path.startsWith(`${root}${room}/`));
}

const OUR_ROOMS = [
  "base",
  "checks",
  "cli",
  "connectors",
  "dataflow",
  "flink",
  "runtime",
  "schemas",
  "snapshots",
  "state",
  "testing",
];
