package countercheck.flink;

import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;

/**
 * What travels through Flink's channels to tasks: a key, and bytes of which the first says what they are; what is behind is
 * the payload of the frame of that name. The key says nothing but which subtask the element goes to.
 */
public final class Element {
  public static final TypeInformation<Tuple2<Integer, byte[]>> TYPE =
      Types.TUPLE(Types.INT, PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO);
  /** Rows for one subtask. */
  public static final byte ROWS = 0;
  /** A control element, copied to every subtask behind. */
  public static final byte CONTROL = 1;
  /** Records of one split, for the subtask that owns its key group. */
  public static final byte RECORDS = 2;
  /** Heartbeat rows with the ends that prove what they say, copied to every subtask behind. */
  public static final byte PROOF = 3;

  private Element() {}
}
