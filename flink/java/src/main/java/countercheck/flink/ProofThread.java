package countercheck.flink;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.LinkedHashMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the brokers for ends, so that the task's own thread never waits for them. It asks again for as long as they are away,
 * and gives up only what cannot get better by itself.
 */
final class ProofThread extends Thread {
  private static final Logger LOG = LoggerFactory.getLogger(ProofThread.class);
  /** How often open transactions are looked at, and brokers that are away. */
  private static final long AGAIN_MS = 100;
  private static final long LOG_EVERY_NS = 60_000_000_000L;
  private static final long CLOSE_MS = 5_000;

  /** What came of a source: its ends, why it is not proven, or what this thread ended with. */
  record Answer(String source, long[] ends, String refusal, Throwable failure) {}

  private final Map<String, List<Plan.Split>> splits;
  private final Properties reading;
  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private final Queue<Answer> answers = new ConcurrentLinkedQueue<>();
  /** Sources that wait for the end of transactions; null where the question has not reached the brokers yet. */
  private final Map<String, SplitEnds.Question> open = new LinkedHashMap<>();
  private volatile SplitEnds ends;
  private volatile boolean isClosed;
  private long loggedAt = System.nanoTime() - LOG_EVERY_NS;

  /** `splits`: those of each source. Call `start`, then `close`. */
  ProofThread(Map<String, List<Plan.Split>> splits, Properties reading, ClassLoader loader, String name) {
    super("ends of " + name);
    this.splits = splits;
    this.reading = reading;
    setDaemon(true);
    setContextClassLoader(loader);
  }

  /** Asks for the ends that the source has from now on; one question for each source at a time. */
  void ask(String source) {
    asked.add(source);
  }

  /** What came next; null when nothing has. */
  Answer answer() {
    return answers.poll();
  }

  @Override
  public void run() {
    try (SplitEnds opened = new SplitEnds(reading)) {
      ends = opened;
      while (!isClosed) {
        String next = open.isEmpty() ? asked.take() : asked.poll(AGAIN_MS, TimeUnit.MILLISECONDS);
        for (; next != null; next = asked.poll()) open.put(next, null);
        for (Iterator<Map.Entry<String, SplitEnds.Question>> each = open.entrySet().iterator(); each.hasNext() && !isClosed; ) {
          if (isAnswered(each.next())) each.remove();
        }
      }
    } catch (Throwable error) {
      if (!isClosed) answers.add(new Answer(null, null, null, error));
    }
  }

  /** From the task's thread. */
  void close() throws InterruptedException {
    isClosed = true;
    interrupt();
    SplitEnds opened = ends;
    if (opened != null) opened.wakeUp();
    join(CLOSE_MS);
  }

  private boolean isAnswered(Map.Entry<String, SplitEnds.Question> question) throws InterruptedException {
    String source = question.getKey();
    try {
      if (question.getValue() == null) question.setValue(ends.ask(splits.get(source)));
      long[] found = question.getValue().answer();
      if (found == null) return false;
      answers.add(new Answer(source, found, null, null));
      return true;
    } catch (SplitEnds.Refusal refusal) {
      answers.add(new Answer(source, null, refusal.getMessage(), null));
      return true;
    } catch (InvalidOffsetException error) {
      // The log has been cut at its beginning meanwhile.
      ends.forget();
      return false;
    } catch (AuthenticationException | AuthorizationException | ConfigException error) {
      throw error;
    } catch (KafkaException error) {
      if (!isClosed) logFailure(source, error);
      return false;
    }
  }

  private void logFailure(String source, KafkaException error) {
    long now = System.nanoTime();
    if (now - loggedAt < LOG_EVERY_NS) return;
    loggedAt = now;
    LOG.warn("The ends of source {} are not known yet, and its frontier waits: {}. The brokers are asked again.", source, error.getMessage());
  }
}
