import type { Segment } from "./segment.ts";

/** Where records are appended: a segment, if it has been made, and its last block, which is in memory until it is written. */
export class LogHead {
  segment: Segment | undefined;
  /** The block's number; 0: none has been begun. */
  block = 0;
  buffer: Buffer = Buffer.alloc(0);
  length = 0;
}
