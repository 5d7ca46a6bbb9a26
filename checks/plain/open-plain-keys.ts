import { assert, raise } from "../../base/errors.ts";
import type { OperatorContext } from "../../dataflow/operator.ts";
import type { Records } from "../../dataflow/records.ts";
import type { CheckInput, CheckRule } from "../rule.ts";
import { layoutOf, mappingOf } from "../state-layout.ts";
import { layoutFrom, schemaOf } from "../state-schema.ts";
import { PlainKeys, type PlainSurroundings } from "./plain-keys.ts";
import { PlainReader } from "./plain-reader.ts";

/** Of how plain keys are written down. */
const FORMAT = 4;
/** Forms before it, whose records are ones of today: without ends in the first, and without rows of the seed in both. */
const FORMER: readonly number[] = [2, 3];

/** What the records of plain keys are: the state of keys that are not says what is in their rows. */
interface PlainSchema {
  readonly format: number;
  readonly skewMs: number;
  readonly retainMs: number;
  /** How long the bands before deadlines are, 0 for none. */
  readonly warnBeforeMs: number;
  readonly state: string;
}

interface Around extends Omit<PlainSurroundings, "records" | "alarms" | "retirements" | "reader"> {
  /** All points through this have been judged. */
  judgedThrough(): number;
}

/**
 * The plain keys of an operator; undefined where its rule cannot do with them. Those that another version of the job left, or
 * that were written by another skew or another band, are expanded.
 */
export function openPlainKeys(
  rule: CheckRule,
  inputs: readonly CheckInput[],
  context: OperatorContext,
  around: Around,
): PlainKeys | undefined {
  const layout = layoutOf(rule, inputs);
  const { skewMs, retainMs, warnBeforeMs = 0 } = rule;
  const schema: PlainSchema = { format: FORMAT, skewMs, retainMs, warnBeforeMs, state: schemaOf(layout) };
  const readers = new Map<string, PlainReader>();
  const readerOf = (written: string): PlainReader => {
    const { format, skewMs, state } = JSON.parse(written) as PlainSchema;
    const mapping = mappingOf(layoutFrom(state), layout);
    assert(mapping !== undefined, "what keys are kept as has been compared before");
    if (format !== FORMAT && !FORMER.includes(format)) {
      const changes = `they are in the form ${format}, and this version of countercheck knows ${FORMAT}`;
      raise("STATE_INCOMPATIBLE", { name: `Keys of ${rule.uid}`, changes });
    }
    return new PlainReader(rule, mapping, skewMs, records);
  };
  const records: Records = context.records("$plain", {
    schema: JSON.stringify(schema),
    areFormer: !canBePlain(rule, inputs),
    upgrade: (written, address) => {
      const reader = readers.get(written) ?? readerOf(written);
      readers.set(written, reader);
      const through = around.judgedThrough();
      around.expanded(records.keyAt(address), reader.read(address, through), reader.retireAt(address, through));
    },
  });
  if (!canBePlain(rule, inputs)) return undefined;
  const alarms = (name: string) => context.alarms(`plain-${name}`);
  const reader = new PlainReader(rule, mappingOf(layout, layout)!, skewMs, records);
  return new PlainKeys(rule, inputs, { ...around, records, alarms, retirements: alarms("retirements"), reader });
}

/** Legs that sum money as it is. */
function canBePlain(rule: CheckRule, inputs: readonly CheckInput[]): boolean {
  if (rule.quick === undefined || rule.hasNoPlainKeys === true || rule.emitAll) return false;
  if (rule.ended !== undefined || rule.keepsLive === true) return false;
  if (!rule.isOfSums || rule.legs.length > 255) return false;
  return (
    inputs.every(({ isReference }) => isReference !== true) &&
    rule.legs.every(({ field, conversion }) => field !== null && conversion === undefined)
  );
}
