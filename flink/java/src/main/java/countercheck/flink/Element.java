package countercheck.flink;

import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * What travels through Flink's channels: a key, and bytes of which the first says what they are. Rows share one key group,
 * that of the key; a control element is copied to every subtask behind, each copy with a key of that subtask's own.
 */
public final class Element {
  public static final TypeInformation<Tuple2<Integer, byte[]>> TYPE =
      Types.TUPLE(Types.INT, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  public static final byte ROWS = 0;
  public static final byte CONTROL = 1;

  private Element() {}
}
