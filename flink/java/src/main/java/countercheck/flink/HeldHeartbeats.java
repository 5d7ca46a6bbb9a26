package countercheck.flink;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Heartbeat rows of one split that wait for a proof. Of very many, as in a long history, the oldest and the newest are kept: a
 * newer one proves what an older one does, and the oldest are proven first.
 */
final class HeldHeartbeats {
  private static final int MOST_AT_EACH_END = 500;

  /** A row as RECORDS frames have it, and when it came, by System.nanoTime. */
  record Row(byte[] bytes, long since) {}

  private final List<Row> oldest = new ArrayList<>();
  private final ArrayDeque<Row> newest = new ArrayDeque<>();

  void add(Row row) {
    if (newest.isEmpty() && oldest.size() < MOST_AT_EACH_END) {
      oldest.add(row);
      return;
    }
    if (newest.size() == MOST_AT_EACH_END) newest.removeFirst();
    newest.add(row);
  }

  boolean isEmpty() {
    return oldest.isEmpty();
  }

  /** Whether the oldest came at this time or before. */
  boolean hasSince(long time) {
    return !oldest.isEmpty() && oldest.get(0).since() - time <= 0;
  }

  void forEach(Consumer<Row> use) {
    oldest.forEach(use);
    newest.forEach(use);
  }

  /** Hands out, and holds no longer, those that came at this time or before. */
  void take(long time, Consumer<Row> use) {
    int taken = 0;
    while (taken < oldest.size() && oldest.get(taken).since() - time <= 0) use.accept(oldest.get(taken++));
    oldest.subList(0, taken).clear();
    if (!oldest.isEmpty()) return;
    while (!newest.isEmpty() && newest.getFirst().since() - time <= 0) use.accept(newest.removeFirst());
    while (!newest.isEmpty() && oldest.size() < MOST_AT_EACH_END) oldest.add(newest.removeFirst());
  }
}
