import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FileLogWriter } from "../../connectors/file/writer.ts";

const SAMPLES = join(import.meta.dirname, "../fixtures/cdc-samples");

/** A line of the captured messages. */
interface CapturedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key_hex: string | null;
  readonly value_hex: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Lays the captured messages, their registry and a configuration down in a folder, as a bounded file log. */
export function importSamples(dir: string, throughMs: number): void {
  const writer = new FileLogWriter(join(dir, "log"));
  for (const file of ["mariadb.jsonl", "postgres.jsonl"]) {
    for (const line of readFileSync(join(SAMPLES, file), "utf8").trimEnd().split("\n")) {
      append(writer, JSON.parse(line) as CapturedMessage);
    }
  }
  writer.end(throughMs);
  cpSync(join(SAMPLES, "schemas"), join(dir, "schemas"), { recursive: true });
  cpSync(join(SAMPLES, "subjects.json"), join(dir, "subjects.json"));
  cpSync(join(import.meta.dirname, "config.json"), join(dir, "config.json"));
}

function append(writer: FileLogWriter, message: CapturedMessage): void {
  const { topic, partition, timestamp, headers } = message;
  writer.createTopic(topic, 1);
  const record = { key: bytes(message.key_hex), value: bytes(message.value_hex), timestamp, headers };
  const offset = writer.append(topic, partition, record);
  if (offset !== message.offset) throw new Error(`${topic}: offset ${offset} was captured as ${message.offset}`);
}

function bytes(hex: string | null): Buffer | null {
  return hex === null ? null : Buffer.from(hex, "hex");
}
