import { deserialize, serialize } from "node:v8";
import { assert } from "../../base/errors.ts";
import type { Control } from "../../dataflow/operator.ts";
import type { FrameBuffer } from "./frame-buffer.ts";

/**
 * The form of a control element in a frame: a word that says which, and the length of what follows. Frontiers and
 * watermarks, of which there is one after every few batches, have a form of their own; the rest is left to `v8.serialize`.
 */
const FORM = { other: 0, frontier: 1, watermark: 2 } as const;

/** Appends a control element to a frame. */
export function encodeControl(element: Control, out: FrameBuffer): void {
  switch (element.type) {
    case "frontier": {
      const length = Buffer.byteLength(element.source);
      const at = begin(out, FORM.frontier, 16 + length);
      out.doubles[at >> 3] = element.through;
      out.doubles[(at >> 3) + 1] = element.since;
      out.bytes.write(element.source, at + 16);
      return;
    }
    case "watermark": {
      const at = begin(out, FORM.watermark, 8);
      out.doubles[at >> 3] = element.time;
      return;
    }
    default: {
      const bytes = serialize(element);
      const at = begin(out, FORM.other, bytes.length);
      bytes.copy(out.bytes, at);
    }
  }
}

/** Reads the control element at a place of a frame; it shares no memory with the frame. */
export function decodeControl(frame: FrameBuffer, at: number): Control {
  const form = frame.words[at >> 2]!;
  const length = frame.words[(at >> 2) + 1]!;
  const start = at + 8;
  const end = start + length;
  switch (form) {
    case FORM.frontier: {
      const source = frame.bytes.toString("utf8", start + 16, end);
      return { type: "frontier", source, through: frame.doubles[start >> 3]!, since: frame.doubles[(start >> 3) + 1]! };
    }
    case FORM.watermark:
      return { type: "watermark", time: frame.doubles[start >> 3]! };
    default:
      assert(form === FORM.other, "a control element has a known form");
      // A copy, because arrays of bytes that `deserialize` gives are views of what it read.
      return deserialize(new Uint8Array(frame.bytes.subarray(start, end))) as Control;
  }
}

/** Gives the place of the body. */
function begin(out: FrameBuffer, form: number, length: number): number {
  const at = out.claim(8 + length);
  out.words[at >> 2] = form;
  out.words[(at >> 2) + 1] = length;
  return at + 8;
}
