package countercheck.nexmark;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The table of events. Only what a query reads is decoded, also inside of the nested rows, which is more than
 * nexmark-flink's own source does; neither filters nor watermarks are pushed into it, as there.
 */
final class EventTableSource implements ScanTableSource, SupportsProjectionPushDown {
  private final String path;
  private final long lingerMs;
  private DataType produced;
  private final DataType physical;
  /** Paths of what is decoded: a column of the table, or a field of one. */
  private List<String> fields;

  EventTableSource(String path, long lingerMs, DataType physical) {
    this.path = path;
    this.lingerMs = lingerMs;
    this.physical = physical;
    this.produced = physical;
    this.fields = DataType.getFieldNames(physical);
  }

  @Override
  public boolean supportsNestedProjection() {
    return true;
  }

  @Override
  public void applyProjection(int[][] projected, DataType producedType) {
    produced = producedType;
    fields = new ArrayList<>();
    for (int[] path : projected) fields.add(nameOf((RowType) physical.getLogicalType(), path));
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    return SourceProvider.of(
        new EventSource(path, lingerMs, fields, context.<RowData>createTypeInformation(produced)));
  }

  @Override
  public DynamicTableSource copy() {
    var copy = new EventTableSource(path, lingerMs, physical);
    copy.produced = produced;
    copy.fields = fields;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return "Nexmark events of a file";
  }

  private static String nameOf(RowType row, int[] path) {
    String name = row.getFieldNames().get(path[0]);
    if (path.length == 1) return name;
    return name + "." + ((RowType) row.getTypeAt(path[0])).getFieldNames().get(path[1]);
  }
}
