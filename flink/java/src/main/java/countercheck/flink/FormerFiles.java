package countercheck.flink;

import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/** The files of a former subtask's state, in pieces, as a checkpoint has them. */
final class FormerFiles {
  private static final int BUFFER_BYTES = 256 * 1024;

  private FormerFiles() {}

  /** A piece of a file, with its place: the position where it starts, and the file's name. */
  static HandleAndLocalPath placed(StreamStateHandle handle, String file, long from) {
    return HandleAndLocalPath.of(handle, from + "/" + file);
  }

  /** Brings them to a new folder; gives what the task is told of them. */
  static byte[] bring(IncrementalRemoteKeyedStateHandle former, Path folder) throws IOException {
    Files.createDirectory(folder);
    byte[] buffer = new byte[BUFFER_BYTES];
    for (HandleAndLocalPath piece : former.getSharedState()) {
      String[] place = piece.getLocalPath().split("/", 2);
      copy(piece.getHandle(), folder.resolve(place[1]), Long.parseLong(place[0]), buffer);
    }
    ObjectNode told = Plan.JSON.createObjectNode().put("folder", folder.toString());
    try (InputStream metadata = former.getMetaDataStateHandle().openInputStream()) {
      told.set("files", Plan.JSON.readTree(metadata));
    }
    return Plan.JSON.writeValueAsBytes(told);
  }

  private static void copy(StreamStateHandle handle, Path path, long from, byte[] buffer) throws IOException {
    try (InputStream in = handle.openInputStream(); RandomAccessFile out = new RandomAccessFile(path.toFile(), "rw")) {
      out.seek(from);
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) out.write(buffer, 0, read);
    }
  }
}
