package countercheck.peers;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * What was captured must be settled, a day after the capture at the latest; what is said of a payment is told whenever it
 * changes. One state and at most one timer a payment, which goes as soon as it waits for nothing. It never forgets.
 */
public final class Reconcile extends KeyedProcessFunction<Long, Change, Verdict> {
  private static final long MISSING_AFTER_MS = 24 * 3_600_000L;
  private static final long SKEW_MS = 2_000;

  private transient ValueState<Account> accounts;

  @Override
  public void open(OpenContext context) {
    accounts = getRuntimeContext().getState(new ValueStateDescriptor<>("account", new AccountSerializer()));
  }

  @Override
  public void processElement(Change change, Context context, Collector<Verdict> out) throws Exception {
    Account account = accounts.value();
    if (account == null) account = new Account();
    boolean waited = waits(account);
    long formerDue = account.due;
    take(change, account);
    boolean waits = waits(account);
    long watermark = context.timerService().currentWatermark();
    if (waited && (!waits || account.due != formerDue)) context.timerService().deleteEventTimeTimer(formerDue);
    if (waits && (!waited || account.due != formerDue) && account.due > watermark)
      context.timerService().registerEventTimeTimer(account.due);
    judge(context.getCurrentKey(), account, watermark, out);
    accounts.update(account);
  }

  @Override
  public void onTimer(long time, OnTimerContext context, Collector<Verdict> out) throws Exception {
    Account account = accounts.value();
    if (judge(context.getCurrentKey(), account, time, out)) accounts.update(account);
  }

  private static void take(Change change, Account account) {
    if (account.currency == 0) account.currency = change.currency;
    if (change.side == Change.CAPTURED) {
      account.captured += change.amount;
      if (account.captures == 0 || change.time + MISSING_AFTER_MS + SKEW_MS > account.due)
        account.due = change.time + MISSING_AFTER_MS + SKEW_MS;
      account.captures += change.count;
    } else {
      account.settled += change.amount;
      if (account.captures == 0 && account.lines == 0) account.due = change.time + MISSING_AFTER_MS + SKEW_MS;
      account.lines += change.count;
    }
  }

  private static boolean waits(Account account) {
    return account.captured != account.settled || account.captures == 0 && account.lines > 0;
  }

  /** True where something was told. */
  private static boolean judge(long payment, Account account, long watermark, Collector<Verdict> out) {
    long difference = account.settled - account.captured;
    boolean isDue = watermark >= account.due;
    byte verdict = Verdict.PASS;
    if (account.captures == 0) verdict = isDue && account.lines > 0 ? Verdict.UNKNOWN_PAYMENT : Verdict.PASS;
    else if (isDue && account.lines == 0) verdict = Verdict.MISSING;
    else if (isDue && difference < 0) verdict = Verdict.UNDER_CHARGE;
    else if (difference > 0) verdict = Verdict.OVER_CHARGE;
    long amount = verdict == Verdict.PASS ? 0 : Math.abs(difference);
    if (verdict == account.told && amount == account.toldAmount) return false;
    account.told = verdict;
    account.toldAmount = amount;
    account.version++;
    out.collect(new Verdict(payment, account.currency, verdict, amount, account.version));
    return true;
  }
}
