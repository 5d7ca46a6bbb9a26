import { failureStack, thrownText } from "../base/stacks.ts";
import { FrameWriter } from "./frame-writer.ts";
import { FROM_TASK } from "./frames.ts";

/** The frame that tells Flink why a task, or all of them, has failed. */
export function failureFrame(error: unknown, safe: SafeText): Buffer {
  const frame = new FrameWriter();
  const out = frame.begin(FROM_TASK.failed);
  out.text(safe(thrownText(error)));
  const stack = failureStack(error);
  out.text(safe(stack && `\n${stack}`));
  frame.finish();
  return frame.take();
}

/** Gives a text without what must not leave the process. */
export type SafeText = (text: string) => string;

/** Where there is nothing of that kind. */
export const same: SafeText = (text) => text;
