package countercheck.flink;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Finds the last record that can be read before an offset. The offsets in front of it may be marks of transactions, records of
 * aborted ones, or compacted away, so it reads the last few, and twice as many each time that there was none. What was found
 * once is not searched again.
 */
final class BackwardSearch {
  private static final long FIRST_WINDOW = 8;
  private static final Duration GLANCE = Duration.ofMillis(200);
  private static final long PATIENCE_NS = 30_000_000_000L;

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Map<TopicPartition, Known> known = new HashMap<>();

  /** The consumer reads committed records only. */
  BackwardSearch(KafkaConsumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  boolean needsBegin(TopicPartition partition) {
    return !known.containsKey(partition);
  }

  /** Where logs begin that were not searched before. */
  void begins(Map<TopicPartition, Long> offsets) {
    offsets.forEach((partition, begin) -> known.put(partition, new Known(begin, 0)));
  }

  void forget() {
    known.clear();
  }

  /** For each partition the offset behind its last readable record in front of the given offset, 0 where there is none. */
  Map<TopicPartition, Long> lastReadable(Map<TopicPartition, Long> before) {
    Map<TopicPartition, Range> open = new HashMap<>();
    before.forEach((partition, offset) -> {
      long from = known.get(partition).through;
      if (offset > from) open.put(partition, new Range(from, offset));
    });
    while (!open.isEmpty()) {
      read(open);
      open.entrySet().removeIf(each -> {
        Range range = each.getValue();
        if (range.last < 0 && range.from > range.floor) {
          range.widen();
          return false;
        }
        long end = range.last >= 0 ? range.last + 1 : known.get(each.getKey()).end;
        known.put(each.getKey(), new Known(before.get(each.getKey()), end));
        return true;
      });
    }
    Map<TopicPartition, Long> ends = new HashMap<>();
    for (TopicPartition partition : before.keySet()) ends.put(partition, known.get(partition).end);
    return ends;
  }

  /** Reads each range to its end. */
  private void read(Map<TopicPartition, Range> ranges) {
    consumer.assign(ranges.keySet());
    consumer.resume(ranges.keySet());
    ranges.forEach((partition, range) -> consumer.seek(partition, range.from));
    Set<TopicPartition> left = new HashSet<>(ranges.keySet());
    long deadline = System.nanoTime() + PATIENCE_NS;
    while (!left.isEmpty()) {
      ConsumerRecords<byte[], byte[]> records = consumer.poll(GLANCE);
      for (TopicPartition partition : records.partitions()) take(records.records(partition), ranges.get(partition));
      List<TopicPartition> done = new ArrayList<>();
      for (TopicPartition partition : left) if (hasReached(partition, ranges.get(partition))) done.add(partition);
      if (!done.isEmpty() || !records.isEmpty()) deadline = System.nanoTime() + PATIENCE_NS;
      else if (System.nanoTime() > deadline) throw new TimeoutException("Nothing came of " + left + " for a while.");
      consumer.pause(done);
      done.forEach(left::remove);
    }
  }

  private boolean hasReached(TopicPartition partition, Range range) {
    return consumer.position(partition) >= range.to;
  }

  private static void take(List<ConsumerRecord<byte[], byte[]>> records, Range range) {
    for (int i = records.size() - 1; i >= 0; i--) {
      long offset = records.get(i).offset();
      if (offset >= range.to) continue;
      range.last = Math.max(range.last, offset);
      return;
    }
  }

  /** Searched through `through`: the last readable record is the one in front of `end`. */
  private record Known(long through, long end) {}

  /** What is read next of a partition: [from, to), and what is in front of it down to the floor where that has nothing. */
  private static final class Range {
    final long floor;
    long from;
    long to;
    long last = -1;
    private long window = FIRST_WINDOW;

    Range(long floor, long end) {
      this.floor = floor;
      to = end;
      from = Math.max(floor, end - window);
    }

    void widen() {
      window *= 2;
      to = from;
      from = Math.max(floor, to - window);
    }
  }
}
