import type { PeerFigures } from "./measure.ts";

/** A table of all peers, and what each costs for one that the first costs. */
export function printFigures(figures: readonly PeerFigures[], machine: object): void {
  console.log(JSON.stringify(machine));
  console.table(
    Object.fromEntries(
      figures.map(({ name, beside: _, steadyByProgram, steadyByThread, events, isRight, ...rest }) => [name, rest]),
    ),
  );
  const names = figures.map(({ name }) => name);
  console.log("CPU of the steady part: what the row costs for 1 of the column.");
  console.table(
    Object.fromEntries(
      figures.map((row) => [
        row.name,
        Object.fromEntries(
          figures.map((column, i) => [
            names[i]!,
            Number((row.steadyCpuSecondsPerMillion / column.steadyCpuSecondsPerMillion).toFixed(2)),
          ]),
        ),
      ]),
    ),
  );
  for (const { name, events, steadyByProgram, steadyByThread, beside } of figures)
    console.log(`${name}: ${JSON.stringify({ events, steadyByProgram, steadyByThread, ...beside })}`);
}
