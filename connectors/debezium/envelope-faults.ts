import { CountercheckError } from "../../base/errors.ts";
import { OP } from "../../dataflow/change-layout.ts";
import type { EnvelopePlan } from "./envelope-plan.ts";
import { FARTHEST_MS } from "./instant.ts";
import { shownText } from "./shown.ts";

/** What is wrong with the time of an envelope in a row of its plan's columns. */
export function timeFault({ tsMs }: EnvelopePlan, row: number): CountercheckError | undefined {
  if (tsMs.nulls[row] === 1) return invalid("it has no source.ts_ms");
  if (Math.abs(tsMs.number(row)) > FARTHEST_MS) return invalid(`its source.ts_ms is ${tsMs.get(row)}`);
  return undefined;
}

/** What is wrong with an envelope as the change of a row. */
export function changeFault(plan: EnvelopePlan, row: number, op: number): CountercheckError | undefined {
  if (op !== OP.create && op !== OP.update && op !== OP.delete && op !== OP.read) {
    return invalid(`its op is ${JSON.stringify(shownText(plan.op, row))}`);
  }
  if (plan.hasAfter(row) === (op === OP.delete)) {
    return invalid(`it has ${op === OP.delete ? "an" : "no"} after, and its op is ${String.fromCharCode(op)}`);
  }
  return undefined;
}

/** Of an envelope whose position cannot be told. */
export function positionFault(): CountercheckError {
  return invalid("it names no position in the source's log");
}

function invalid(reason: string): CountercheckError {
  return new CountercheckError("ENVELOPE_INVALID", { reason });
}
