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

/** A file of frames, and how far it has been read. */
final class ReplaySplit implements SourceSplit {
  final String file;
  long position;

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
      return bytes.toByteArray();
    }

    @Override
    public ReplaySplit deserialize(int version, byte[] bytes) throws IOException {
      DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
      ReplaySplit split = new ReplaySplit(in.readUTF());
      split.position = in.readLong();
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
