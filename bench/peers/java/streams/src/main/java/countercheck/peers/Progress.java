package countercheck.peers;

import java.util.concurrent.atomic.AtomicLong;

/** How far records have come. */
final class Progress {
  /** Records that were read of the tables. */
  final AtomicLong read = new AtomicLong();
  /** Changes on their way between the two steps. */
  final AtomicLong underway = new AtomicLong();

  /** Records that have gone all the way. */
  long done() {
    return Math.max(0, read.get() - underway.get());
  }
}
