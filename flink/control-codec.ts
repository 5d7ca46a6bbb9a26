import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { assert } from "../base/errors.ts";
import type { Control } from "../dataflow/operator.ts";

/** Who says it: one of the sources of an input's elements, by its number, and how many of them there are. */
export interface Origin {
  readonly index: number;
  readonly count: number;
}

const FRONTIER = 0;
const WATERMARK = 1;
const OTHER = 2;

/** Writes a control element with its origin. Times may be infinite. */
export function writeControl(out: ByteWriter, origin: Origin, element: Control): void {
  out.uint(origin.index);
  out.uint(origin.count);
  if (element.type === "frontier") {
    out.byte(FRONTIER);
    out.text(element.source);
    out.float64(element.through);
    out.float64(element.since);
  } else if (element.type === "watermark") {
    out.byte(WATERMARK);
    out.float64(element.time);
  } else {
    out.byte(OTHER);
    out.text(JSON.stringify(element, withBytes));
  }
}

/** Reads what `writeControl` wrote. */
export function readControl(input: ByteReader): { readonly origin: Origin; readonly element: Control } {
  const origin = { index: input.uint(), count: input.uint() };
  assert(origin.index < origin.count, `an origin ${origin.index} of ${origin.count}`);
  return { origin, element: readElement(input) };
}

function readElement(input: ByteReader): Control {
  switch (input.byte()) {
    case FRONTIER:
      return { type: "frontier", source: input.text(), through: input.float64(), since: input.float64() };
    case WATERMARK:
      return { type: "watermark", time: input.float64() };
    default:
      return JSON.parse(input.text(), withoutBytes) as Control;
  }
}

/** A fault's key and value are bytes, and a suspension's time may be infinite, which JSON has no form for. */
function withBytes(_name: string, value: unknown): unknown {
  if (isBufferJson(value)) return { $bytes: Buffer.from(value.data).toString("base64") };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  return value;
}

function withoutBytes(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return Buffer.from(value.$bytes as string, "base64");
  if ("$number" in value) return Number(value.$number);
  return value;
}

/** What a Buffer's own `toJSON` makes of it before the replacer sees it. */
function isBufferJson(value: unknown): value is { readonly data: number[] } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value;
}
