/*
 * Run as a process of its own: puts a mutant in place, by its name, and runs seeds from 1 up to a number, until one shows a
 * problem. Prints the outcome as a line of JSON.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { mutants } from "./mutants.ts";

const [name, most] = process.argv.slice(2);
const mutant = mutants.find((each) => each.name === name)!;
const url = pathToFileURL(join(import.meta.dirname, "..", "..", mutant.file)).href;
registerHooks({
  load(loaded, context, nextLoad) {
    const result = nextLoad(loaded, context);
    if (loaded !== url) return result;
    const [before, after, more] = String(result.source).split(mutant.find);
    if (before === undefined || after === undefined || more !== undefined)
      fail(`its text is not once in ${mutant.file}`);
    return { ...result, source: `${before}${mutant.replace}${after}` };
  },
});
// What a process that has died leaves undone, nobody hears of.
process.on("unhandledRejection", () => undefined);
const { simulate } = await import("./simulation.ts");
for (let seed = 1; seed <= Number(most); seed++) {
  const { problems } = await simulate(seed);
  if (problems.length > 0) tell({ seed, problem: problems[0]! });
}
tell({ seed: undefined, problem: undefined });

function tell(found: { readonly seed: number | undefined; readonly problem: string | undefined }): never {
  process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exit();
}

function fail(reason: string): never {
  process.stderr.write(`mutant "${name}": ${reason}\n`);
  process.exit(1);
}
