package countercheck.nexmark;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.MemorySegment;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.data.binary.BinaryStringData;

/**
 * Decodes records straight into rows of what a query reads: numbers are read in place, strings refer to the
 * block's bytes, which stay as they are. The format is that of bench/nexmark/event-file.ts.
 */
final class EventDecoder {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int TYPE = 2;
  private static final int TIME = 3;
  private static final int INTEGERS = 7;

  /** Fields as the table has them; `#` before those that are times, `$` before those that are strings. */
  private static final String[][] TYPES = {
    {"person", "id", "$name", "$emailAddress", "$creditCard", "$city", "$state", "#dateTime", "$extra"},
    {
      "auction", "id", "$itemName", "$description", "initialBid", "reserve", "#dateTime", "#expires", "seller", "category", "$extra",
    },
    {"bid", "auction", "bidder", "price", "$channel", "$url", "#dateTime", "$extra"},
  };

  /** In the order of the record. */
  private static final List<List<String>> RECORD_INTEGERS =
      List.of(
          List.of("id"),
          List.of("id", "initialBid", "reserve", "expires", "seller", "category"),
          List.of("auction", "bidder", "price"));

  long baseTime;
  private final int width;
  /** Where the type goes, or -1. */
  private final int typeTarget;
  /** Where the row of a type goes as a whole, or -1. */
  private final int[] wholeTargets = new int[3];
  /** Of each type: what goes into the row of that type, and what beside it; null where nothing does. */
  private final Plan[] nested = new Plan[3];
  private final Plan[] flat = new Plan[3];
  private byte[] block;
  private MemorySegment[] segments;

  /** What of a type's record goes where: target -1 is nowhere. */
  private static final class Plan {
    int width;
    int timeTarget = -1;
    int[] integerTargets;
    /** True for a time. */
    boolean[] integerIsTime;
    int[] stringTargets;
    /** Strings behind this one are not read. */
    int lastString = -1;
  }

  /** @param fields paths as `event_type`, `bid` or `bid.price` */
  EventDecoder(List<String> fields) {
    width = fields.size();
    Map<String, Integer> targets = new HashMap<>();
    for (int i = 0; i < width; i++) targets.put(fields.get(i), i);
    typeTarget = targets.getOrDefault("event_type", -1);
    for (int type = 0; type < 3; type++) {
      String[] declared = TYPES[type];
      wholeTargets[type] = targets.getOrDefault(declared[0], -1);
      Map<String, Integer> all = new HashMap<>();
      Map<String, Integer> single = new HashMap<>();
      for (int i = 1; i < declared.length; i++) {
        String name = declared[i].replaceAll("[$#]", "");
        all.put(name, i - 1);
        Integer target = targets.get(declared[0] + "." + name);
        if (target != null) single.put(name, target);
      }
      if (wholeTargets[type] >= 0) nested[type] = plan(type, all);
      if (!single.isEmpty()) flat[type] = plan(type, single);
    }
  }

  /** Begins a block. Its bytes must stay as they are while rows of it are in use. */
  void begin(byte[] bytes) {
    block = bytes;
    segments = new MemorySegment[] {MemorySegmentFactory.wrap(bytes)};
  }

  /** Bytes of the record at a place. */
  int lengthAt(int at) {
    return (short) SHORT.get(block, at) & 0xffff;
  }

  RowData decode(int at) {
    int type = block[at + TYPE];
    GenericRowData row = new GenericRowData(width);
    if (typeTarget >= 0) row.setField(typeTarget, type);
    if (flat[type] != null) fill(row, flat[type], at);
    if (nested[type] == null) return row;
    GenericRowData whole = new GenericRowData(nested[type].width);
    fill(whole, nested[type], at);
    row.setField(wholeTargets[type], whole);
    return row;
  }

  private void fill(GenericRowData row, Plan plan, int at) {
    if (plan.timeTarget >= 0) row.setField(plan.timeTarget, timeAt(at + TIME));
    int place = at + INTEGERS;
    int[] integers = plan.integerTargets;
    for (int i = 0; i < integers.length; i++, place += 4) {
      if (integers[i] < 0) continue;
      Object value = plan.integerIsTime[i] ? timeAt(place) : (Object) (long) (int) INT.get(block, place);
      row.setField(integers[i], value);
    }
    int[] strings = plan.stringTargets;
    for (int i = 0; i <= plan.lastString; i++) {
      int length = (short) SHORT.get(block, place) & 0xffff;
      if (strings[i] >= 0) row.setField(strings[i], BinaryStringData.fromAddress(segments, place + 2, length));
      place += 2 + length;
    }
  }

  private TimestampData timeAt(int at) {
    return TimestampData.fromEpochMillis(baseTime + ((int) INT.get(block, at) & 0xffffffffL));
  }

  private static Plan plan(int type, Map<String, Integer> targets) {
    Plan plan = new Plan();
    String[] declared = TYPES[type];
    plan.width = declared.length - 1;
    List<String> integers = RECORD_INTEGERS.get(type);
    plan.integerTargets = new int[integers.size()];
    plan.integerIsTime = new boolean[integers.size()];
    int[] strings = new int[declared.length];
    int stringCount = 0;
    for (int i = 1; i < declared.length; i++) {
      String name = declared[i].replaceAll("[$#]", "");
      int target = targets.getOrDefault(name, -1);
      if (declared[i].startsWith("$")) {
        if (target >= 0) plan.lastString = stringCount;
        strings[stringCount++] = target;
      } else if (name.equals("dateTime")) {
        plan.timeTarget = target;
      } else {
        plan.integerTargets[integers.indexOf(name)] = target;
        plan.integerIsTime[integers.indexOf(name)] = declared[i].startsWith("#");
      }
    }
    plan.stringTargets = Arrays.copyOf(strings, stringCount);
    return plan;
  }
}
