import type { ByteWriter } from "../base/bytes.ts";
import type { StateFiles } from "../runtime/task.ts";

/** `StateFiles` as JSON. Flink's side reads the names and bytes of the segments, and keeps all of it as it is. */
export interface WrittenFiles {
  readonly store: StateFiles["store"];
  readonly uids: Readonly<Record<string, string>>;
  /** Bytes in base 64. */
  readonly keyed: readonly { readonly uid: string; readonly keyGroup: number; readonly bytes: string }[];
}

/** The files of a former subtask, and the folder that they were brought to. */
export interface FormerFiles {
  readonly folder: string;
  readonly files: WrittenFiles;
}

/** Writes what a checkpoint remembers of its files. */
export function writeFiles(out: ByteWriter, { store, uids, keyed }: StateFiles): void {
  const written: WrittenFiles = {
    store,
    uids: Object.fromEntries(uids),
    keyed: keyed.map(({ uid, keyGroup, bytes }) => ({ uid, keyGroup, bytes: Buffer.from(bytes).toString("base64") })),
  };
  const json = Buffer.from(JSON.stringify(written));
  out.raw(json, 0, json.length);
}

/** Reads what `writeFiles` wrote, with the folder that the files are in now. */
export function readFormerFiles(bytes: Buffer): { readonly folder: string; readonly files: StateFiles } {
  const { folder, files } = JSON.parse(bytes.toString("utf8")) as FormerFiles;
  const keyed = files.keyed.map((part) => ({ ...part, bytes: Buffer.from(part.bytes, "base64") }));
  return { folder, files: { store: files.store, uids: new Map(Object.entries(files.uids)), keyed } };
}
