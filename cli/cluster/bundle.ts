import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildFailure, build, type Metafile } from "esbuild";
import { raise } from "../../base/errors.ts";
import { SOURCE_SCHEME } from "../../base/stacks.ts";
import { type JobFiles, jobFile, publicNames } from "../load-job.ts";
import { contractsInside, nativeAddons, publicName } from "./bundle-plugins.ts";
import { problemsOf, STRICT } from "./bundle-problems.ts";

/** Jobs with all that they and the Node child need, as one ES module for Node 24, and its source map. */
export interface Bundle {
  readonly code: Uint8Array;
  /** JSON; its sources are places as the author calls them, relative to where the command was started. */
  readonly map: Uint8Array;
}

/** What the bundle and its map are called in the jar. */
export const BUNDLE = "bundle.mjs";
export const BUNDLE_MAP = `${BUNDLE}.map`;

const root = fileURLToPath(new URL("../../", import.meta.url));

/** CommonJS packages ask for Node's own modules by `require`, which an ES module has not. */
const BANNER = `import { createRequire as createRequireOfNode } from "node:module";
const require = createRequireOfNode(import.meta.url);`;

/**
 * Bundles jobs with the entry of the Node child. BUNDLE_FAILED with the place of each thing that cannot be bundled;
 * JOB_NOT_FOUND.
 */
export async function bundleJobs({ paths, name }: JobFiles, folder = process.cwd()): Promise<Bundle> {
  const files = paths.map(jobFile);
  const { code, map, metafile } = await bundled(entryOf(files, name), folder);
  const problems = problemsOf(metafile, folder, root);
  if (problems.length > 0) raise("BUNDLE_FAILED", { problems: problems.join("; ") });
  return { code, map: withPlaces(map, folder) };
}

async function bundled(contents: string, folder: string): Promise<Bundle & { readonly metafile: Metafile }> {
  try {
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir: root, sourcefile: join(root, "cli/cluster/bundle-entry.ts"), loader: "ts" },
      absWorkingDir: folder,
      outfile: join(folder, BUNDLE),
      write: false,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node24",
      sourcemap: "linked",
      sourcesContent: false,
      legalComments: "none",
      banner: { js: BANNER },
      // As Node runs the files, and not as some `tsconfig.json` beside them says.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, target: "esnext" } },
      metafile: true,
      logLevel: "silent",
      logOverride: STRICT,
      plugins: [publicName(publicNames), nativeAddons, contractsInside(root)],
    });
    const contentsOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))!.contents;
    return { code: contentsOf(BUNDLE), map: contentsOf(BUNDLE_MAP), metafile };
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (errors === undefined) throw error;
    const problems = errors.map(({ text, location, notes }) => {
      const place = location ?? notes.find((note) => note.location !== null)?.location;
      return place ? `${place.file}:${place.line}: ${text}` : text;
    });
    return raise(
      "BUNDLE_FAILED",
      { problems: [...new Set(problems)].slice(0, MOST_PROBLEMS).join("; ") },
      { cause: error },
    );
  }
}

const MOST_PROBLEMS = 10;

function entryOf(files: readonly string[], name: string | undefined): string {
  const imports = files.map((file, i) => `import job${i} from ${JSON.stringify(file)};`);
  const jobs = files.map((_, i) => `job${i}`).join(", ");
  const more = name === undefined ? "" : `, ${JSON.stringify(name)}`;
  return [
    `import { loaded } from ${JSON.stringify(join(root, "cli/cluster/loading.ts"))};`,
    ...imports,
    `import { serveChild } from ${JSON.stringify(join(root, "cli/cluster/child.ts"))};`,
    "loaded();",
    `await serveChild([${jobs}]${more});`,
  ].join("\n");
}

/** The map with its sources as people call them: below the folder, or of this package. */
function withPlaces(map: Uint8Array, folder: string): Uint8Array {
  const parsed = JSON.parse(Buffer.from(map).toString()) as { sources: string[] };
  const sources = parsed.sources.map((source) => SOURCE_SCHEME + placeOf(resolve(folder, source), folder));
  return Buffer.from(JSON.stringify({ ...parsed, sources }));
}

function placeOf(path: string, folder: string): string {
  const below = relative(folder, path);
  const isBelow = below !== ".." && !below.startsWith(`..${sep}`) && !isAbsolute(below);
  const place = isBelow ? below : path.startsWith(root) ? join("countercheck", relative(root, path)) : path;
  return place.split(sep).join("/");
}
