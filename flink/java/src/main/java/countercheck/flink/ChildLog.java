package countercheck.flink;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the lines of a child into the TaskManager's log, and keeps the last errors, for whoever must say why it has died. */
final class ChildLog {
  private static final Logger LOG = LoggerFactory.getLogger("countercheck.node");
  private static final int KEPT_LINES = 20;

  private final String prefix;
  private final ArrayDeque<String> last = new ArrayDeque<>();

  ChildLog(String prefix) {
    this.prefix = prefix;
  }

  /** Follows both outputs until they end. */
  void follow(Process process) {
    follow(process.getInputStream(), "stdout", line -> LOG.info("{}: {}", prefix, line));
    follow(process.getErrorStream(), "stderr", line -> {
      LOG.warn("{}: {}", prefix, line);
      keep(line);
    });
  }

  /** The last lines of its errors, one behind the other. */
  String last() {
    synchronized (last) {
      return String.join("\n", last);
    }
  }

  private void follow(InputStream lines, String name, Consumer<String> log) {
    Threads.start(prefix + " " + name, () -> {
      try (BufferedReader reader = new BufferedReader(new InputStreamReader(lines, StandardCharsets.UTF_8))) {
        for (String line = reader.readLine(); line != null; line = reader.readLine()) log.accept(line);
      } catch (IOException e) {
        // The child is gone, and its streams with it.
      }
    });
  }

  private void keep(String line) {
    synchronized (last) {
      last.addLast(line);
      if (last.size() > KEPT_LINES) last.removeFirst();
    }
  }
}
