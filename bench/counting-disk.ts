import { type Disk, type DiskFile, systemDisk } from "../base/disk.ts";

/** The machine's disk, which counts what is written to it. */
export class CountingDisk implements Disk {
  /** Bytes in all. */
  written = 0;
  readonly exists = systemDisk.exists;
  readonly list = systemDisk.list;
  readonly makeFolder = systemDisk.makeFolder;
  readonly rename = systemDisk.rename;
  readonly remove = systemDisk.remove;
  readonly syncFolder = systemDisk.syncFolder;

  open(path: string, mode: "read" | "create" | "update"): DiskFile {
    const file = systemDisk.open(path, mode);
    const { write } = file;
    file.write = (bytes, position) => {
      this.written += bytes.length;
      write.call(file, bytes, position);
    };
    return file;
  }
}
