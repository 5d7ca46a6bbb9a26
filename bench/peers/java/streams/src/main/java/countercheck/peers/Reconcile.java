package countercheck.peers;

import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeSet;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * What is said of a payment is told whenever it changes. One record in the store and at most one deadline a payment; deadlines
 * are kept on the heap and are found again from the store. It never forgets. Time is what all tasks that send changes have
 * come to: the stream time of Kafka Streams is that of the farthest of them.
 */
final class Reconcile extends ContextualProcessor<Long, Change, byte[], byte[]> {
  static final String ACCOUNTS = "accounts";

  private final TreeSet<Deadline> deadlines =
      new TreeSet<>(Comparator.comparingLong(Deadline::due).thenComparingLong(Deadline::payment));
  private final long[] clocks;
  private final Progress progress;
  private KeyValueStore<Long, Account> accounts;
  private long watermark = Long.MIN_VALUE;

  private record Deadline(long due, long payment) {}

  Reconcile(int origins, Progress progress) {
    clocks = new long[origins];
    Arrays.fill(clocks, Long.MIN_VALUE);
    this.progress = progress;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> context) {
    super.init(context);
    accounts = context.getStateStore(ACCOUNTS);
    try (KeyValueIterator<Long, Account> all = accounts.all()) {
      while (all.hasNext()) {
        KeyValue<Long, Account> next = all.next();
        if (next.value.waits()) deadlines.add(new Deadline(next.value.due, next.key));
      }
    }
  }

  @Override
  public void process(Record<Long, Change> record) {
    if (record.value().side == ChangeSerde.CLOCK) {
      clocks[(int) (long) record.key()] = record.value().time;
      watermark = Arrays.stream(clocks).min().getAsLong();
      judgeDue(record.timestamp());
    } else {
      take(record.key(), record.value(), record.timestamp());
      progress.underway.decrementAndGet();
    }
  }

  private void take(long payment, Change change, long timestamp) {
    Account account = accounts.get(payment);
    if (account == null) account = new Account();
    boolean waited = account.waits();
    long formerDue = account.due;
    account.take(change);
    boolean waits = account.waits();
    if (waited && (!waits || account.due != formerDue)) deadlines.remove(new Deadline(formerDue, payment));
    if (waits && account.due > watermark) deadlines.add(new Deadline(account.due, payment));
    if (account.judge(watermark)) tell(account.verdict(payment), timestamp);
    accounts.put(payment, account);
  }

  private void judgeDue(long timestamp) {
    while (!deadlines.isEmpty() && deadlines.first().due() <= watermark) {
      long payment = deadlines.pollFirst().payment();
      Account account = accounts.get(payment);
      if (!account.judge(watermark)) continue;
      tell(account.verdict(payment), timestamp);
      accounts.put(payment, account);
    }
  }

  private void tell(Verdict verdict, long timestamp) {
    context().forward(new Record<>(verdict.key(), verdict.json(), timestamp));
  }
}
