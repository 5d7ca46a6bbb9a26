import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "esbuild";

/** What jobs import by the name of this package comes from here, so that there is one copy of it. */
export function publicName(names: Readonly<Record<string, string>>): Plugin {
  return {
    name: "public-name",
    setup({ onResolve }) {
      onResolve({ filter: /^countercheck(\/|$)/ }, ({ path }) => {
        const url = names[path];
        if (url !== undefined) return { path: fileURLToPath(url) };
        return { errors: [{ text: `${path} is not among what jobs may import: ${Object.keys(names).join(", ")}` }] };
      });
    },
  };
}

/** Machine code is built for one machine, and nothing says that it runs on a TaskManager. */
export const nativeAddons: Plugin = {
  name: "native-addons",
  setup({ onLoad }) {
    onLoad({ filter: /\.node$/ }, ({ path }) => {
      const [, addon = path] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path.replaceAll("\\", "/")) ?? [];
      return {
        errors: [
          {
            text: `${addon} is a native addon, which cannot go along: use a package that is JavaScript or WebAssembly`,
          },
        ],
      };
    });
  },
};

/** The contracts of results, which are read from files, come from the bundle itself. */
export function contractsInside(root: string): Plugin {
  const folder = join(root, "schemas/contracts");
  const namespace = "contracts";
  return {
    name: "contracts-inside",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^node:fs$/ }, ({ importer }) =>
        importer === join(root, "schemas/contracts.ts") ? { path: "contracts", namespace } : undefined,
      );
      onLoad({ filter: /./, namespace }, () => {
        // Earlier ones lie in a folder within, under names of their own.
        const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
          name.endsWith(".avsc"),
        );
        const texts = Object.fromEntries(
          names.map((name) => [basename(name), readFileSync(join(folder, name), "utf8")]),
        );
        const contents = `const texts = ${JSON.stringify(texts)};
export const readFileSync = ({ pathname }) => texts[pathname.slice(pathname.lastIndexOf("/") + 1)];`;
        return { contents, loader: "js" };
      });
    },
  };
}
