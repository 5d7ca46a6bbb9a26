import { type Fields, number, text } from "../../../../dataflow/model.ts";
import type { Row } from "../../../../dataflow/row-view.ts";
import { Changelog, Stream } from "../../../../dataflow/streams.ts";
import type { Output, SideOutput } from "../format.ts";
import type { CaseFields } from "./models.ts";

/** What a case says of a row that comes out. */
export type Shown = Pick<Output, "key"> & { readonly values: Readonly<Record<string, unknown>> };

/** The sink of an operator's main output. */
export const MAIN = "main";

/** Hands an operator's results, with their kinds and times, to the sink of an output, from where `toldBy` reads them. */
export function tell<F extends Fields>(
  results: Stream<F> | Changelog<F>,
  show: (row: Row<F>) => Shown,
  output: SideOutput | typeof MAIN = MAIN,
): void {
  const { environment, node } = results;
  const emits = { key: text(), values: text() };
  // Retracts are shown as adds are: a map hands on the kind of each row.
  const shown = new Stream<F>(environment, node).map(emits, (row) => {
    const { key, values } = show(row);
    return { key: key ?? NO_KEY, values: JSON.stringify(values, plain) };
  });
  new Changelog<typeof emits>(environment, shown.node)
    .keyBy("key")
    .process(`tell/${output}/${node.uid}`, {
      state: {},
      emits: { ...emits, kind: text(), time: number() },
      onElement: ({ key, values }, { kind, time, emit }) => emit({ key, values, kind, time }),
    })
    .to(output);
}

/** How late rows are shown: as they came. */
export const late = ({ key, value, number }: Row<CaseFields>): Shown => ({ key, values: { value, number } });

/** A row that came out, as cases write it, of a sink's record. */
export function toldBy(record: Record<string, unknown>, output: string): Output {
  const { key, kind, time, values } = record as { key: string; kind: Output["kind"]; time: number; values: string };
  return {
    kind,
    key: key === NO_KEY ? null : key,
    time: time === Number.POSITIVE_INFINITY ? "forever" : time,
    ...(output === MAIN ? {} : { output: output as SideOutput }),
    values: JSON.parse(values),
  };
}

const NO_KEY = "(none)";

/** All integers of cases are safe. */
const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
