package countercheck.nexmark;

import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** Makes the table of events from a file, in the place of nexmark-flink's generator: connector <code>nexmark-file</code>. */
public final class EventTableFactory implements DynamicTableSourceFactory {
  private static final ConfigOption<String> PATH = ConfigOptions.key("path").stringType().noDefaultValue();
  private static final ConfigOption<Long> LINGER_MS = ConfigOptions.key("linger-ms").longType().defaultValue(0L);

  @Override
  public DynamicTableSource createDynamicTableSource(Context context) {
    var helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    var options = helper.getOptions();
    return new EventTableSource(options.get(PATH), options.get(LINGER_MS), context.getPhysicalRowDataType());
  }

  @Override
  public String factoryIdentifier() {
    return "nexmark-file";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(PATH);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(LINGER_MS);
  }
}
