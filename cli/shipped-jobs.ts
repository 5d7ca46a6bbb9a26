import { fileURLToPath } from "node:url";
import { raise } from "../base/errors.ts";

/** The jobs that ship, by name: folders in `jobs/`. A department of the simulated shop has the name of the job that checks it. */
export const shippedJobs: readonly string[] = ["payment-settlement", "refunds", "migration", "manual-changes"];

/** The file of a job that ships. */
export function shippedJob(name: string): string {
  return fileURLToPath(new URL(`../jobs/${name}/job.ts`, import.meta.url));
}

/** Names of jobs that ship, out of a list with commas, each once. OPTION_INVALID. */
export function pickJobs(text: string): readonly string[] {
  const names = [...new Set(text.split(",").map((name) => name.trim()))];
  const unknown = names.filter((name) => !shippedJobs.includes(name));
  if (unknown.length > 0)
    raise("OPTION_INVALID", { option: "--jobs", value: text, expected: `some of ${shippedJobs.join(",")}` });
  return shippedJobs.filter((name) => names.includes(name));
}
