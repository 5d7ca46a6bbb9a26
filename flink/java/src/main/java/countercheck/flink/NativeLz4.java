package countercheck.flink;

import net.jpountz.util.Native;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * LZ4 in C for Kafka's clients, which takes a fraction of what it takes in Java. The library has it, and takes it by itself only in
 * programs that it is part of, not in a job's class loader; once loaded there, it is taken. Like Snappy's and Zstandard's it
 * is unpacked to Java's temporary folder, a file for each class loader, which goes with the JVM or with the next one that does so.
 */
final class NativeLz4 {
  private static final Logger LOG = LoggerFactory.getLogger(NativeLz4.class);
  private static boolean isTried;

  private NativeLz4() {}

  /** Before a client reads or writes anything. Where it cannot be loaded LZ4 stays in Java. */
  static synchronized void load() {
    if (isTried) return;
    isTried = true;
    try {
      Native.load();
    } catch (RuntimeException | LinkageError e) {
      LOG.info("LZ4 stays in Java: {}", e.toString());
    }
  }
}
