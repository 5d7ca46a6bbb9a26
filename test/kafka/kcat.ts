import { spawnSync } from "node:child_process";

/** True where kcat is installed. */
export const hasKcat = spawnSync("kcat", ["-V"]).status === 0;

/** Committed records of a partition as kcat (librdkafka) reads them. It tells null and no bytes apart by their length. */
export function readWithKcat(brokers: readonly string[], topic: string) {
  const where = ["-b", brokers.join(), "-t", topic, "-p", "0", "-o", "beginning"];
  const args = ["-C", ...where, "-e", "-q", "-X", "isolation.level=read_committed", "-f", "%o %T %K %S\n%k%s"];
  const { stdout, status, stderr } = spawnSync("kcat", args, { maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`kcat: ${stderr}`);
  const records = [];
  for (let at = 0; at < stdout.length; ) {
    const lineEnd = stdout.indexOf("\n", at);
    const [offset, timestamp, keyBytes, valueBytes] = stdout.toString("latin1", at, lineEnd).split(" ").map(Number);
    const keyEnd = lineEnd + 1 + Math.max(keyBytes!, 0);
    const valueEnd = keyEnd + Math.max(valueBytes!, 0);
    const key = keyBytes! < 0 ? null : stdout.subarray(lineEnd + 1, keyEnd);
    const value = valueBytes! < 0 ? null : stdout.subarray(keyEnd, valueEnd);
    records.push({ offset: offset!, timestamp: timestamp!, key, value });
    at = valueEnd;
  }
  return records;
}
