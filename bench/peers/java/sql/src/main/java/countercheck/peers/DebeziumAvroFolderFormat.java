package countercheck.peers;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.ProjectableDecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;

/**
 * Flink's own <code>debezium-avro-confluent</code>, made of the same parts, with the benchmark's folder in the place of a
 * registry: the library that has the original also needs one that Maven Central does not have.
 */
public final class DebeziumAvroFolderFormat implements DeserializationFormatFactory {
  private static final ConfigOption<String> FOLDER = ConfigOptions.key("folder").stringType().noDefaultValue();

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    FactoryUtil.validateFactoryOptions(this, options);
    return new Format(options.get(FOLDER));
  }

  @Override
  public String factoryIdentifier() {
    return "debezium-avro-folder";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(FOLDER);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of();
  }

  private record Format(String folder) implements ProjectableDecodingFormat<DeserializationSchema<RowData>> {
    @Override
    public DeserializationSchema<RowData> createRuntimeDecoder(
        DynamicTableSource.Context context, DataType physical, int[][] projections) {
      DataType produced = Projection.of(projections).project(physical);
      return new DebeziumAvroSchema(produced, context.createTypeInformation(produced), folder);
    }

    @Override
    public ChangelogMode getChangelogMode() {
      return ChangelogMode.all();
    }
  }
}
