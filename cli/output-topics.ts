import { join } from "node:path";
import type { Disk } from "../base/disk.ts";
import { EndMarker, FileLogReader } from "../connectors/file/reader.ts";
import type { ResultTopic } from "../schemas/contract-subjects.ts";
import { singleObjectHeader } from "../schemas/contracts.ts";
import { FolderRegistry } from "../schemas/folder-registry.ts";
import { FRAME_LENGTH, schemaIdAt } from "../schemas/wire-format.ts";

/** Folder of the schema registry in an output log. */
export function registryFolder(dir: string): string {
  return join(dir, "schemas");
}

/**
 * Hands out the records of a topic of an output log from an offset on, in the encoding that the contracts decode, the
 * visitor's own. Raises what reading a file log and its registry raises.
 */
export async function readTopic(
  disk: Disk,
  dir: string,
  topic: ResultTopic,
  from: number,
  visit: (encoded: Uint8Array) => void,
): Promise<void> {
  const registry = new FolderRegistry(registryFolder(dir));
  const headers = new Map<number, Uint8Array>();
  const reader = new FileLogReader(dir, topic, 0, disk);
  try {
    reader.seek(from);
    for (;;) {
      const records = reader.read(256 * 1024);
      if (records === null || records instanceof EndMarker) return;
      for (let i = 0; i < records.count; i++) {
        const { buffer, valueStarts, valueEnds } = records;
        const id = schemaIdAt(buffer, valueStarts[i]!, valueEnds[i]!);
        let header = headers.get(id);
        if (header === undefined) {
          header = singleObjectHeader(await registry.schemaById(id));
          headers.set(id, header);
        }
        visit(Buffer.concat([header, buffer.subarray(valueStarts[i]! + FRAME_LENGTH, valueEnds[i]!)]));
      }
    }
  } finally {
    reader.close();
  }
}
