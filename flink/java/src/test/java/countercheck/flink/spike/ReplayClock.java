package countercheck.flink.spike;

import java.util.concurrent.CompletableFuture;

/** The replay's own time, in ticks: a frame may be read once its tick has come. Shared by all in this JVM. */
final class ReplayClock {
  static final int LAST_TICK = 1_000;
  private static volatile int tick;
  private static CompletableFuture<Void> next = new CompletableFuture<>();

  static int tick() {
    return tick;
  }

  static boolean isOver() {
    return tick >= LAST_TICK;
  }

  /** Completes when the clock has moved on. */
  static synchronized CompletableFuture<Void> next() {
    return next;
  }

  static void advanceTo(int to) {
    CompletableFuture<Void> reached;
    synchronized (ReplayClock.class) {
      tick = to;
      reached = next;
      next = new CompletableFuture<>();
    }
    reached.complete(null);
  }

  private ReplayClock() {}
}
