package countercheck.peers;

/**
 * What is known of a payment, and what is said of it: what was captured must be settled, a day after the capture at the
 * latest.
 */
public final class Account {
  private static final long MISSING_AFTER_MS = 24 * 3_600_000L;
  private static final long SKEW_MS = 2_000;

  public long captured;
  public long settled;
  /** The newest business time at which a capture came, plus the time that lines may take; for a payment that only has lines, theirs. */
  public long due;
  public int currency;
  public int captures;
  public int lines;
  /** What was said last, by number of the class, and how often something was. */
  public byte told;
  public long toldAmount;
  public int version;

  public void take(Change change) {
    if (currency == 0) currency = change.currency;
    if (change.side == Change.CAPTURED) {
      captured += change.amount;
      if (captures == 0 || change.time + MISSING_AFTER_MS + SKEW_MS > due)
        due = change.time + MISSING_AFTER_MS + SKEW_MS;
      captures += change.count;
    } else {
      settled += change.amount;
      if (captures == 0 && lines == 0) due = change.time + MISSING_AFTER_MS + SKEW_MS;
      lines += change.count;
    }
  }

  /** Whether something is to be said of it once it is due, if nothing comes until then. */
  public boolean waits() {
    return captured != settled || captures == 0 && lines > 0;
  }

  /** True where something else is to be said than what was said last. */
  public boolean judge(long watermark) {
    long difference = settled - captured;
    boolean isDue = watermark >= due;
    byte verdict = Verdict.PASS;
    if (captures == 0) verdict = isDue && lines > 0 ? Verdict.UNKNOWN_PAYMENT : Verdict.PASS;
    else if (isDue && lines == 0) verdict = Verdict.MISSING;
    else if (isDue && difference < 0) verdict = Verdict.UNDER_CHARGE;
    else if (difference > 0) verdict = Verdict.OVER_CHARGE;
    long amount = verdict == Verdict.PASS ? 0 : Math.abs(difference);
    if (verdict == told && amount == toldAmount) return false;
    told = verdict;
    toldAmount = amount;
    version++;
    return true;
  }

  /** What was said last. */
  public Verdict verdict(long payment) {
    return new Verdict(payment, currency, told, toldAmount, version);
  }
}
