import { rmSync } from "node:fs";
import { openStack } from "./stack.ts";

// Started by `startStack` with the stack's folder. Its input ends when the process that started the stack has ended.
const [folder, remove] = process.argv.slice(2);
process.stdin.resume();
process.stdin.once("end", async () => {
  const stack = await openStack({ folder: folder! });
  await stack.close();
  if (remove) rmSync(folder!, { recursive: true, force: true });
});
