package countercheck.peers;

/** What is known of a payment. */
public final class Account {
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
}
