package countercheck.flink.spike;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.core.io.InputStatus;

/** Reads files of frames: tick, key, length of the element (4 bytes each, little-endian), element. */
final class ReplayReader implements SourceReader<Tuple2<Integer, byte[]>, ReplaySplit> {
  private static final int HEADER = 12;

  private final List<Open> splits = new ArrayList<>();
  private boolean noMoreSplits;
  private int next;
  private CompletableFuture<Void> nextTick = ReplayClock.next();

  private static final class Open {
    final ReplaySplit split;
    final RandomAccessFile file;
    final ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);

    Open(ReplaySplit split) throws IOException {
      this.split = split;
      file = new RandomAccessFile(split.file, "r");
      file.seek(split.position);
    }
  }

  @Override
  public void start() {}

  @Override
  public InputStatus pollNext(ReaderOutput<Tuple2<Integer, byte[]>> output) throws Exception {
    // Before the clock is looked at, so that no tick goes by unseen.
    nextTick = ReplayClock.next();
    // Flink declines savepoints while one of several subtasks of a source is finishing: they finish together.
    boolean isOver = noMoreSplits && ReplayClock.isOver();
    for (int tried = 0; tried < splits.size(); tried++) {
      Open open = splits.get(next = (next + 1) % splits.size());
      if (open.split.position == open.file.length()) continue;
      if (read(open, output)) return InputStatus.MORE_AVAILABLE;
      isOver = false;
    }
    return isOver ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
  }

  @Override
  public List<ReplaySplit> snapshotState(long checkpoint) {
    return splits.stream().map(open -> open.split).toList();
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return nextTick;
  }

  @Override
  public void addSplits(List<ReplaySplit> added) {
    try {
      for (ReplaySplit split : added) splits.add(new Open(split));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void notifyNoMoreSplits() {
    noMoreSplits = true;
  }

  @Override
  public void close() throws Exception {
    for (Open open : splits) open.file.close();
  }

  /** Hands on the next frame if its time has come. */
  private boolean read(Open open, ReaderOutput<Tuple2<Integer, byte[]>> output) throws IOException {
    open.file.seek(open.split.position);
    open.file.readFully(open.header.array());
    if (open.header.getInt(0) > ReplayClock.tick()) return false;
    byte[] element = new byte[open.header.getInt(8)];
    open.file.readFully(element);
    output.collect(Tuple2.of(open.header.getInt(4), element));
    open.split.position += HEADER + element.length;
    return true;
  }
}
