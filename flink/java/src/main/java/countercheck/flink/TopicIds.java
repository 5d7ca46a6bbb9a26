package countercheck.flink;

import java.util.HexFormat;
import org.apache.kafka.common.Uuid;

/** Ids of topics as plans have them: 16 bytes in hexadecimal, with or without hyphens. */
final class TopicIds {
  private TopicIds() {}

  /** True also where the brokers or the plan give none. */
  static boolean same(Uuid found, String planned) {
    String wanted = planned.replace("-", "").toLowerCase();
    if (wanted.isEmpty() || found.equals(Uuid.ZERO_UUID)) return true;
    HexFormat hex = HexFormat.of();
    return wanted.equals(hex.toHexDigits(found.getMostSignificantBits()) + hex.toHexDigits(found.getLeastSignificantBits()));
  }
}
