package countercheck.peers;

import java.io.IOException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericRecord;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.formats.avro.AvroRowDataDeserializationSchema;
import org.apache.flink.formats.avro.AvroToRowDataConverters;
import org.apache.flink.formats.avro.RegistryAvroDeserializationSchema;
import org.apache.flink.formats.avro.typeutils.AvroSchemaConverter;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/** Debezium's envelopes as a changelog. */
final class DebeziumAvroSchema implements DeserializationSchema<RowData> {
  private final AvroRowDataDeserializationSchema envelopes;
  private final TypeInformation<RowData> produced;

  DebeziumAvroSchema(DataType row, TypeInformation<RowData> produced, String folder) {
    DataType envelope =
        DataTypes.ROW(
            DataTypes.FIELD("before", row.nullable()),
            DataTypes.FIELD("after", row.nullable()),
            DataTypes.FIELD("op", DataTypes.STRING()));
    // A schema's record has no null beside it.
    RowType type = (RowType) envelope.notNull().getLogicalType();
    Schema schema = AvroSchemaConverter.convertToSchema(type);
    this.produced = produced;
    envelopes =
        new AvroRowDataDeserializationSchema(
            new RegistryAvroDeserializationSchema<>(
                GenericRecord.class, schema, () -> new FolderSchemaCoder(folder)),
            AvroToRowDataConverters.createRowConverter(type),
            produced);
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    envelopes.open(context);
  }

  @Override
  public RowData deserialize(byte[] message) {
    throw new UnsupportedOperationException("Rows go to a collector.");
  }

  @Override
  public void deserialize(byte[] message, Collector<RowData> out) throws IOException {
    if (message == null || message.length == 0) return;
    GenericRowData envelope = (GenericRowData) envelopes.deserialize(message);
    RowData before = (RowData) envelope.getField(0);
    RowData after = (RowData) envelope.getField(1);
    switch (envelope.getField(2).toString()) {
      case "c", "r" -> emit(after, RowKind.INSERT, out);
      case "u" -> {
        emit(before, RowKind.UPDATE_BEFORE, out);
        emit(after, RowKind.UPDATE_AFTER, out);
      }
      case "d" -> emit(before, RowKind.DELETE, out);
      default -> throw new IOException("Not a change of a row: " + envelope);
    }
  }

  private static void emit(RowData row, RowKind kind, Collector<RowData> out) {
    row.setRowKind(kind);
    out.collect(row);
  }

  @Override
  public boolean isEndOfStream(RowData row) {
    return false;
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return produced;
  }
}
