package countercheck.flink.spike;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Replays frames that Node wrote down: a split is a file. */
final class ReplaySource implements Source<Tuple2<Integer, byte[]>, ReplaySplit, List<String>> {
  private final List<String> files;

  ReplaySource(List<String> files) {
    this.files = List.copyOf(files);
  }

  @Override
  public Boundedness getBoundedness() {
    return Boundedness.CONTINUOUS_UNBOUNDED;
  }

  @Override
  public SourceReader<Tuple2<Integer, byte[]>, ReplaySplit> createReader(SourceReaderContext context) {
    return new ReplayReader();
  }

  @Override
  public SplitEnumerator<ReplaySplit, List<String>> createEnumerator(SplitEnumeratorContext<ReplaySplit> context) {
    return new Enumerator(context, files.stream().map(ReplaySplit::new).toList());
  }

  @Override
  public SplitEnumerator<ReplaySplit, List<String>> restoreEnumerator(
      SplitEnumeratorContext<ReplaySplit> context, List<String> unassigned) {
    return new Enumerator(context, unassigned.stream().map(ReplaySplit::new).toList());
  }

  @Override
  public SimpleVersionedSerializer<ReplaySplit> getSplitSerializer() {
    return new ReplaySplit.Serializer();
  }

  @Override
  public SimpleVersionedSerializer<List<String>> getEnumeratorCheckpointSerializer() {
    return new ReplaySplit.NamesSerializer();
  }

  /** Hands splits to readers in turn. */
  private static final class Enumerator implements SplitEnumerator<ReplaySplit, List<String>> {
    private final SplitEnumeratorContext<ReplaySplit> context;
    private final List<ReplaySplit> unassigned;

    Enumerator(SplitEnumeratorContext<ReplaySplit> context, List<ReplaySplit> unassigned) {
      this.context = context;
      this.unassigned = new ArrayList<>(unassigned);
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int subtask, String host) {}

    @Override
    public void addSplitsBack(List<ReplaySplit> splits, int subtask) {
      unassigned.addAll(splits);
    }

    @Override
    public void addReader(int subtask) {
      int parallelism = context.currentParallelism();
      for (ReplaySplit split : List.copyOf(unassigned)) {
        if (Math.floorMod(split.file.charAt(split.file.length() - 1), parallelism) != subtask) continue;
        context.assignSplit(split, subtask);
        unassigned.remove(split);
      }
      context.signalNoMoreSplits(subtask);
    }

    @Override
    public List<String> snapshotState(long checkpoint) {
      return unassigned.stream().map(split -> split.file).toList();
    }

    @Override
    public void close() {}
  }
}
