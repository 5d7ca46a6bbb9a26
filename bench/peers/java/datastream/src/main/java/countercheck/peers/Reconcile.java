package countercheck.peers;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * What is said of a payment is told whenever it changes. One state and at most one timer a payment, which goes as soon as it
 * waits for nothing. It never forgets.
 */
public final class Reconcile extends KeyedProcessFunction<Long, Change, Verdict> {
  private transient ValueState<Account> accounts;

  @Override
  public void open(OpenContext context) {
    accounts = getRuntimeContext().getState(new ValueStateDescriptor<>("account", new AccountSerializer()));
  }

  @Override
  public void processElement(Change change, Context context, Collector<Verdict> out) throws Exception {
    Account account = accounts.value();
    if (account == null) account = new Account();
    boolean waited = account.waits();
    long formerDue = account.due;
    account.take(change);
    boolean waits = account.waits();
    long watermark = context.timerService().currentWatermark();
    if (waited && (!waits || account.due != formerDue)) context.timerService().deleteEventTimeTimer(formerDue);
    if (waits && (!waited || account.due != formerDue) && account.due > watermark)
      context.timerService().registerEventTimeTimer(account.due);
    if (account.judge(watermark)) out.collect(account.verdict(context.getCurrentKey()));
    accounts.update(account);
  }

  @Override
  public void onTimer(long time, OnTimerContext context, Collector<Verdict> out) throws Exception {
    Account account = accounts.value();
    if (!account.judge(time)) return;
    out.collect(account.verdict(context.getCurrentKey()));
    accounts.update(account);
  }
}
