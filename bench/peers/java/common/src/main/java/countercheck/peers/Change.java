package countercheck.peers;

/** What a change of a row does to a payment: money comes to one of its sides, or goes. Reused from record to record. */
public final class Change {
  public static final byte CAPTURED = 0;
  public static final byte SETTLED = 1;

  public long payment;
  public byte side;
  /** 1 where a row comes, −1 where it goes, 0 where it is of no account. */
  public byte count;
  /** Ten-thousandths of the currency's unit; negative where the money goes. */
  public long amount;
  /** Three letters, one byte each. */
  public int currency;
  /** Business time, in epoch ms. */
  public long time;
  /** Event time, which goes with the record as its timestamp and is not written again. */
  public long changedAt;
}
