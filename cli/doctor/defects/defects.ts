import { connectorDefects } from "./connector.ts";
import { databaseDefects } from "./database.ts";
import { kafkaDefects } from "./kafka.ts";
import { runDefects } from "./run.ts";

/** What can be missing or wrong: how it is, what follows from it, and what to do. `{name}` is filled in. */
export interface Defect {
  readonly level: "note" | "warning" | "problem";
  readonly says: string;
  readonly follows: string;
  readonly remedy: string;
}

/** Every defect by its code: what docs/reference/doctor.md lists. */
export const defects = { ...kafkaDefects, ...connectorDefects, ...databaseDefects, ...runDefects };

export type DefectCode = keyof typeof defects;

/** The values that a defect's texts are filled with. */
export type DetailsOf<C extends DefectCode> = Readonly<
  Record<Placeholder<(typeof defects)[C]["says" | "follows" | "remedy"]>, string | number>
>;

type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;
