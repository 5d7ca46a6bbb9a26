package countercheck.nexmark;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.table.data.RowData;

/**
 * Reads the file block by block and hands out one row for each record, a few records a call.
 */
final class EventReader implements SourceReader<RowData, EventSource.FileSplit> {
  private static final int FILE_HEADER = 24;
  private static final int BLOCK_HEADER = 12;
  /** Between two looks at what else the task has to do. */
  private static final int RECORDS_PER_CALL = 50;

  private final SourceReaderContext context;
  private final FileChannel channel;
  private final long lingerMs;
  private final EventDecoder decoder;
  private final long events;
  private final ByteBuffer header = ByteBuffer.allocate(FILE_HEADER).order(ByteOrder.LITTLE_ENDIAN);
  private int length;
  private int at;
  private boolean isOpen;
  private long nextBlock;
  private long read;
  private long endsAt;

  EventReader(SourceReaderContext context, String path, long lingerMs, EventDecoder decoder) {
    this.context = context;
    this.lingerMs = lingerMs;
    this.decoder = decoder;
    try {
      channel = FileChannel.open(Path.of(path), StandardOpenOption.READ);
      readHeader(0, FILE_HEADER);
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
    events = header.getInt(8);
    decoder.baseTime = (long) header.getDouble(16);
  }

  @Override
  public void start() {
    context.sendSplitRequest();
    Progress.begin(events);
  }

  @Override
  public InputStatus pollNext(ReaderOutput<RowData> output) throws IOException {
    if (!isOpen) return InputStatus.NOTHING_AVAILABLE;
    for (int i = 0; i < RECORDS_PER_CALL; i++) {
      if (at == length && !readBlock()) return ended();
      output.collect(decoder.decode(at));
      at += decoder.lengthAt(at);
      read++;
    }
    Progress.read(read);
    return InputStatus.MORE_AVAILABLE;
  }

  /** Keeps the stream open for a while, so that windows of processing time end before it does. */
  private InputStatus ended() {
    Progress.read(read);
    long now = System.currentTimeMillis();
    if (endsAt == 0) endsAt = now + lingerMs;
    if (now >= endsAt) return InputStatus.END_OF_INPUT;
    try {
      Thread.sleep(10);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
    }
    return InputStatus.MORE_AVAILABLE;
  }

  private boolean readBlock() throws IOException {
    if (!readHeader(nextBlock, BLOCK_HEADER)) return false;
    length = header.getInt(0);
    at = 0;
    ByteBuffer into = ByteBuffer.allocate(length);
    while (into.hasRemaining())
      if (channel.read(into, nextBlock + BLOCK_HEADER + into.position()) < 0) throw new EOFException();
    decoder.begin(into.array());
    nextBlock += BLOCK_HEADER + length;
    return true;
  }

  private boolean readHeader(long position, int bytes) throws IOException {
    header.clear().limit(bytes);
    return channel.read(header, position) == bytes;
  }

  /** The measured job is never restored: a checkpoint within a block would begin the block again. */
  @Override
  public List<EventSource.FileSplit> snapshotState(long checkpoint) {
    return isOpen ? List.of(new EventSource.FileSplit(nextBlock)) : List.of();
  }

  @Override
  public CompletableFuture<Void> isAvailable() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void addSplits(List<EventSource.FileSplit> splits) {
    nextBlock = splits.get(0).position() == 0 ? FILE_HEADER : splits.get(0).position();
    isOpen = true;
  }

  @Override
  public void notifyNoMoreSplits() {}

  @Override
  public void close() throws Exception {
    channel.close();
  }
}
