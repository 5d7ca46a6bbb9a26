import type { ByteReader } from "../base/bytes.ts";
import type { StateCodec } from "../dataflow/operator.ts";
import { Ledger } from "./ledger.ts";
import { RowReader, RowWriter } from "./row-codec.ts";
import { PackReader, PackWriter } from "./row-pack.ts";
import type { CheckInput, CheckRule } from "./rule.ts";
import { StateReader, StateWriter } from "./state-bytes.ts";
import { type LayoutMapping, layoutOf, mappingOf } from "./state-layout.ts";
import { layoutFrom, schemaOf } from "./state-schema.ts";
import { readVerdicts, writeVerdicts } from "./verdict-codec.ts";
import type { KeyState } from "./verdict-log.ts";

/**
 * How all that is kept of a key is written down. What is read behaves as what was written. State of another version of
 * the job can be read when its legs are the same by name, whatever their order, and of the same rows, and its models differ
 * by fields that were added, which are null in old evidence, or removed. Deadlines, tolerance, skew and retention may change at will: rows
 * that are known keep the deadlines that they had.
 */
export function keyStateCodec(rule: CheckRule, inputs: readonly CheckInput[]): StateCodec<KeyState> {
  const layout = layoutOf(rule, inputs);
  const schema = schemaOf(layout);
  const mapping = mappingOf(layout, layout)!;
  const packs = new PackReader(mapping, rule.legs);
  const out = new StateWriter();
  const rows = new RowWriter(out, layout, new PackWriter(layout, packs));
  return {
    schema,
    bytesLeft: ({ ledger }) => ledger.bytesLeft,
    write({ ledger, verdicts, own }, bytes) {
      out.start(bytes);
      ledger.write(rows);
      writeVerdicts(verdicts, out);
      out.text(own);
    },
    read: reader(rule, mapping, packs),
    readsFrom(written) {
      const former = mappingOf(layoutFrom(written), layout);
      return former === undefined ? undefined : reader(rule, former, new PackReader(former, rule.legs));
    },
  };
}

function reader(
  { skewMs, warnBeforeMs, legs }: CheckRule,
  mapping: LayoutMapping,
  packs: PackReader,
): (bytes: ByteReader) => KeyState {
  const input = new StateReader();
  const rows = new RowReader(input, mapping, legs, packs);
  return (bytes) => {
    input.start(bytes);
    const ledger = Ledger.read(rows, skewMs, warnBeforeMs);
    return { ledger, verdicts: readVerdicts(input, mapping), own: input.text() };
  };
}
