import { cpus, totalmem } from "node:os";

/** What figures were measured on. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly memoryGb: number;
}

/** This one. */
export function thisMachine(): Machine {
  return { cores: cpus().length, model: cpus()[0]!.model.trim(), memoryGb: Math.round(totalmem() / 2 ** 30) };
}

/** One, for people. */
export function machineText({ cores, model, memoryGb }: Machine): string {
  return `${cores} cores, ${model}, ${memoryGb} GB`;
}
