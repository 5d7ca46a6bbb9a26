import type { Disk, DiskFile } from "../../base/disk.ts";

/** A disk that calls `onUse` with every read and write of its files, and is `disk` otherwise. */
export function tellingDisk(disk: Disk, onUse: () => void): Disk {
  return {
    open: (path, mode) => telling(disk.open(path, mode), onUse),
    exists: (path) => disk.exists(path),
    list: (folder) => disk.list(folder),
    makeFolder: (path) => disk.makeFolder(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncFolder: (path) => disk.syncFolder(path),
  };
}

function telling(file: DiskFile, onUse: () => void): DiskFile {
  return {
    path: file.path,
    size: () => file.size(),
    read(into, start, length, position) {
      onUse();
      return file.read(into, start, length, position);
    },
    write(bytes, position) {
      onUse();
      file.write(bytes, position);
    },
    truncate: (length) => file.truncate(length),
    sync: () => file.sync(),
    close: () => file.close(),
  };
}
