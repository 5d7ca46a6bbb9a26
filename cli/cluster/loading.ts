import { atPlace, failureStack, thrownText } from "../../base/stacks.ts";
import { masked } from "../secrets.ts";

/**
 * Tells why the modules of jobs cannot be loaded, from the import of this one on until `loaded`: it comes before them. The
 * TaskManager shows the last lines of a process that has ended.
 */
export function loaded(): void {
  process.off("uncaughtException", tellAndEnd);
}

process.on("uncaughtException", tellAndEnd);

function tellAndEnd(error: unknown): void {
  const text = `The job cannot be loaded${atPlace(error)}: ${thrownText(error)}`;
  process.stderr.write(masked(`${[text, failureStack(error)].filter(Boolean).join("\n")}\n`), () => process.exit(1));
}
