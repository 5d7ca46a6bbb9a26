import type { Invalid } from "./spec-checks.ts";

/** Checks the names that a job gives to causes of failure: they are part of alert ids, and must be told apart. */
export function checkClassNames(option: string, names: readonly unknown[], invalid: Invalid): void {
  for (const name of names) {
    if (!isKebab(name)) {
      invalid(`\`${option}\` has ${JSON.stringify(name)}, and should have names in kebab-case, as "over-refund"`);
    }
    if (name === TAKEN) invalid(`\`${option}\` has ${name}, which has a meaning already`);
  }
}

/** Whether a cause of failure can be called so. */
export function isClassName(name: unknown): name is string {
  return isKebab(name) && name !== TAKEN;
}

const TAKEN = "unknown-after-retention";

function isKebab(name: unknown): name is string {
  return typeof name === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name);
}
