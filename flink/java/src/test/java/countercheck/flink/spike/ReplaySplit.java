package countercheck.flink.spike;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A file of frames, how far it has been read, and what it said last of its frontier. */
final class ReplaySplit implements SourceSplit {
  final String file;
  long position;
  /** The last frontier and watermark: said again by whoever reads the split next. */
  byte[] frontier = new byte[0];
  byte[] watermark = new byte[0];

  ReplaySplit(String file) {
    this.file = file;
  }

  @Override
  public String splitId() {
    return file;
  }

  static final class Serializer implements SimpleVersionedSerializer<ReplaySplit> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(ReplaySplit split) throws IOException {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeUTF(split.file);
      out.writeLong(split.position);
      for (byte[] element : new byte[][] {split.frontier, split.watermark}) {
        out.writeInt(element.length);
        out.write(element);
      }
      return bytes.toByteArray();
    }

    @Override
    public ReplaySplit deserialize(int version, byte[] bytes) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      ReplaySplit split = new ReplaySplit(in.readUTF());
      split.position = in.readLong();
      split.frontier = in.readNBytes(in.readInt());
      split.watermark = in.readNBytes(in.readInt());
      return split;
    }
  }

  /** Names of the splits that no reader has yet. */
  static final class NamesSerializer implements SimpleVersionedSerializer<List<String>> {
    @Override
    public int getVersion() {
      return 1;
    }

    @Override
    public byte[] serialize(List<String> names) {
      return String.join("\n", names).getBytes();
    }

    @Override
    public List<String> deserialize(int version, byte[] bytes) {
      return bytes.length == 0 ? new ArrayList<>() : new ArrayList<>(List.of(new String(bytes).split("\n")));
    }
  }
}
