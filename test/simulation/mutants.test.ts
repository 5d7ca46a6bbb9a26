import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { mutants } from "./mutants.ts";

/** A bug that so many seeds do not show would not be found. */
const MOST_SEEDS = 600;

describe.skipIf(process.env.COUNTERCHECK_SEED !== undefined)("the simulator finds a bug that is put in", () => {
  it.concurrent.each(mutants)("$name", async ({ name, why }) => {
    const script = join(import.meta.dirname, "mutant-run.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [script, name, String(MOST_SEEDS)]);
    const { seed, problem } = JSON.parse(stdout) as { readonly seed?: number; readonly problem?: string };
    process.stdout.write(`${name}: seed ${seed ?? "none"}\n`);
    expect(problem, `not found in ${MOST_SEEDS} seeds: ${why}`).toBeDefined();
  });
});
