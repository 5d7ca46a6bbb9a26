/*
 * Test helper, run as a process of its own: appends `count` records with values `0`, `1`, … to partition 0 of topic
 * `events`, flushing after each `every`, and then does what `finally` says: `end`, `crash` (no goodbye), or `hold` the
 * log. When a flush fails it prints the error's code, waits for input, lifts the limit on file sizes and tries again.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { FileLogWriter } from "./writer.ts";

const [dir, count, every, finallyDo] = process.argv.slice(2);
const writer = new FileLogWriter(dir!);
writer.createTopic("events", 2);
for (let i = 0; i < Number(count); i++) {
  writer.append("events", 0, { key: null, value: Buffer.from(String(i)), timestamp: i });
  if ((i + 1) % Number(every) !== 0) continue;
  try {
    writer.flush();
  } catch (error) {
    process.stdout.write(`${(error as { code: string }).code}\n`);
    await once(process.stdin, "data");
    process.stdin.destroy();
    spawnSync("prlimit", ["--pid", `${process.pid}`, "--fsize=unlimited"]);
    writer.flush();
  }
  await setTimeout(1);
}
if (finallyDo === "end") writer.end(Number(count));
else if (finallyDo === "crash") process.kill(process.pid, "SIGKILL");
else {
  process.stdout.write("holding\n");
  await setTimeout(60_000);
}
