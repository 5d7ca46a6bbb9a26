package countercheck.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/** Changes of one table, by payment, and once a second what time it is in the partitions that its task reads. */
final class ReadChanges extends ContextualProcessor<byte[], byte[], Long, Change> {
  /** MariaDB's times are those of statements. */
  private static final long DISORDER_MS = 10_000;

  private final ChangeReader reader;
  private final boolean tellsTime;
  private final Progress progress;
  private final Change clock = new Change();
  private long timestamp;

  ReadChanges(byte side, Map<Integer, String> schemas, Progress progress) {
    reader = new ChangeReader(side, schemas);
    // One of a task's two is enough.
    tellsTime = side == Change.CAPTURED;
    this.progress = progress;
  }

  @Override
  public void init(ProcessorContext<Long, Change> context) {
    super.init(context);
    clock.side = ChangeSerde.CLOCK;
    if (tellsTime) context.schedule(Duration.ofSeconds(1), PunctuationType.WALL_CLOCK_TIME, now -> tellTime());
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    timestamp = record.timestamp();
    try {
      reader.read(record.value(), this::forward);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    progress.read.incrementAndGet();
  }

  private void forward(Change change) {
    if (change.count == 0) return;
    progress.underway.incrementAndGet();
    context().forward(new Record<>(change.payment, change, timestamp));
  }

  private void tellTime() {
    long time = context().currentStreamTimeMs();
    if (time < DISORDER_MS) return;
    clock.time = time - DISORDER_MS;
    context().forward(new Record<>((long) context().taskId().partition(), clock, time));
  }
}
