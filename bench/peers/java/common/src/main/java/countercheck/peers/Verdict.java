package countercheck.peers;

import java.nio.charset.StandardCharsets;

/** What is said of a payment. The amount is in ten-thousandths. */
public record Verdict(long payment, int currency, byte what, long amount, int version) {
  public static final byte PASS = 0;
  public static final byte MISSING = 1;
  public static final byte UNDER_CHARGE = 2;
  public static final byte OVER_CHARGE = 3;
  public static final byte UNKNOWN_PAYMENT = 4;

  private static final String[] CLASSES = {"", "missing", "under-charge", "over-charge", "unknown-payment"};

  public byte[] key() {
    return Long.toString(payment).getBytes(StandardCharsets.UTF_8);
  }

  public byte[] json() {
    StringBuilder text = new StringBuilder(160);
    text.append("{\"payment\":\"").append(payment).append("\",\"currency\":\"");
    for (int shift = 16; shift >= 0; shift -= 8) text.append((char) (currency >> shift & 0xff));
    text.append("\",\"status\":\"").append(what == PASS ? "pass" : "fail");
    text.append("\",\"class\":\"").append(CLASSES[what]);
    text.append("\",\"amount\":").append(amount);
    text.append(",\"version\":").append(version).append('}');
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
