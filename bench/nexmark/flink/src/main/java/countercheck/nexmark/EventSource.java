package countercheck.nexmark;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/** A source of one split: the file. */
final class EventSource implements Source<RowData, EventSource.FileSplit, Boolean>, ResultTypeQueryable<RowData> {
  private final String path;
  private final long lingerMs;
  private final List<String> fields;
  private final TypeInformation<RowData> type;

  EventSource(String path, long lingerMs, List<String> fields, TypeInformation<RowData> type) {
    this.path = path;
    this.lingerMs = lingerMs;
    this.fields = List.copyOf(fields);
    this.type = type;
  }

  /** The file from the block that begins at a position. */
  record FileSplit(long position) implements SourceSplit {
    @Override
    public String splitId() {
      return "file";
    }
  }

  @Override
  public Boundedness getBoundedness() {
    // As nexmark-flink's source with a number of events is: what is planned for a bounded stream differs.
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<RowData, FileSplit> createReader(SourceReaderContext context) {
    return new EventReader(context, path, lingerMs, new EventDecoder(fields));
  }

  @Override
  public SplitEnumerator<FileSplit, Boolean> createEnumerator(SplitEnumeratorContext<FileSplit> context) {
    return new OneSplit(context, false);
  }

  @Override
  public SplitEnumerator<FileSplit, Boolean> restoreEnumerator(
      SplitEnumeratorContext<FileSplit> context, Boolean isTaken) {
    return new OneSplit(context, isTaken);
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return type;
  }

  @Override
  public SimpleVersionedSerializer<FileSplit> getSplitSerializer() {
    return new SimpleVersionedSerializer<>() {
      @Override
      public int getVersion() {
        return 1;
      }

      @Override
      public byte[] serialize(FileSplit split) {
        return ByteBuffer.allocate(8).putLong(split.position()).array();
      }

      @Override
      public FileSplit deserialize(int version, byte[] bytes) {
        return new FileSplit(ByteBuffer.wrap(bytes).getLong());
      }
    };
  }

  @Override
  public SimpleVersionedSerializer<Boolean> getEnumeratorCheckpointSerializer() {
    return new SimpleVersionedSerializer<>() {
      @Override
      public int getVersion() {
        return 1;
      }

      @Override
      public byte[] serialize(Boolean isTaken) {
        return new byte[] {(byte) (isTaken ? 1 : 0)};
      }

      @Override
      public Boolean deserialize(int version, byte[] bytes) {
        return bytes[0] == 1;
      }
    };
  }

  /** Gives the split to the first reader that asks. */
  private static final class OneSplit implements SplitEnumerator<FileSplit, Boolean> {
    private final SplitEnumeratorContext<FileSplit> context;
    private final ArrayDeque<FileSplit> left = new ArrayDeque<>();

    OneSplit(SplitEnumeratorContext<FileSplit> context, boolean isTaken) {
      this.context = context;
      if (!isTaken) left.add(new FileSplit(0));
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {
      var split = left.poll();
      if (split != null) context.assignSplit(split, subtask);
      else context.signalNoMoreSplits(subtask);
    }

    @Override
    public void addSplitsBack(List<FileSplit> splits, int subtask) {
      left.addAll(splits);
    }

    @Override
    public void addReader(int subtask) {}

    @Override
    public Boolean snapshotState(long checkpoint) {
      return left.isEmpty();
    }

    @Override
    public void close() {}
  }
}
