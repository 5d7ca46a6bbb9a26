package countercheck.flink;

import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Parts of a checkpoint in the order in which the task made them, in a file of its own until all are there: Flink wants those
 * of a key group together. A part is kept with its length (4 bytes) in front.
 */
final class PartSpool implements Closeable {
  private static final int HEADER = 4;

  /** Where a part is. */
  private record Place(long start, int length) {}

  private final FileChannel file;
  private final List<List<Place>> groups = new ArrayList<>();
  private long end;

  /** A new file in a folder, which goes when this is closed. */
  PartSpool(Path folder, int keyGroups) throws IOException {
    for (int group = 0; group < keyGroups; group++) groups.add(new ArrayList<>());
    file = FileChannel.open(
        Files.createTempFile(folder, "checkpoint-", ".parts"),
        StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
  }

  /** Adds what is left of `part` to a key group, counted from 0. */
  void add(int group, ByteBuffer part) throws IOException {
    int length = HEADER + part.remaining();
    groups.get(group).add(new Place(end, length));
    ByteBuffer[] pieces = {ByteBuffer.allocate(HEADER).putInt(0, part.remaining()), part};
    file.position(end);
    for (long left = length; left > 0; ) left -= file.write(pieces);
    end += length;
  }

  /** How many parts a key group has. */
  int parts(int group) {
    return groups.get(group).size();
  }

  /** Writes the parts of a key group. */
  void copy(int group, DataOutputStream out) throws IOException {
    for (Place place : groups.get(group)) {
      ByteBuffer bytes = ByteBuffer.allocate(place.length);
      for (long at = place.start; bytes.hasRemaining(); at = place.start + bytes.position())
        if (file.read(bytes, at) < 0) throw new IOException("Parts of a checkpoint are gone from their file.");
      out.write(bytes.array());
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
