package countercheck.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;

/**
 * Debezium's envelopes, of which only the fields that are needed are read: Avro's generic reader resolves the writer's
 * schema with one that has no others, with its fast reader and with records, decoder and texts used again.
 */
public final class ChangeReader {
  private final byte side;
  /** Texts of schemas by the number in front of a value. */
  private final Map<Integer, String> schemas;
  private final Map<Integer, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
  private final Change change = new Change();
  private BinaryDecoder decoder;
  private GenericRecord envelope;

  public ChangeReader(byte side, Map<Integer, String> schemas) {
    this.side = side;
    this.schemas = schemas;
  }

  /** Hands on one change for each image of the row that a value has: the same object each time. */
  public void read(byte[] value, Consumer<Change> out) throws IOException {
    if (value == null) return;
    int id = ByteBuffer.wrap(value, 1, 4).getInt();
    GenericDatumReader<GenericRecord> reader = readers.get(id);
    if (reader == null) {
      reader = readerOf(id);
      readers.put(id, reader);
      envelope = null;
    }
    decoder = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, decoder);
    envelope = reader.read(envelope, decoder);
    long changedAt = (Long) ((GenericRecord) envelope.get(2)).get(0);
    emit((GenericRecord) envelope.get(0), -1, changedAt, out);
    emit((GenericRecord) envelope.get(1), 1, changedAt, out);
  }

  private void emit(GenericRecord row, int sign, long changedAt, Consumer<Change> out) {
    if (row == null) return;
    change.payment = (Long) row.get(0);
    change.side = side;
    byte[] letters = ((Utf8) row.get(1)).getBytes();
    change.currency = letters[0] << 16 | letters[1] << 8 | letters[2];
    change.changedAt = changedAt;
    change.count = (byte) sign;
    if (side == Change.SETTLED) {
      change.amount = sign * (unscaled((ByteBuffer) row.get(2)) + unscaled((ByteBuffer) row.get(3)));
      // Only lines of payments that nobody knows are judged by it.
      change.time = changedAt;
    } else if (isCaptured((Utf8) row.get(4))) {
      change.amount = sign * 10 * unscaled((ByteBuffer) row.get(2));
      Long capturedAt = (Long) row.get(3);
      change.time = capturedAt == null ? changedAt : capturedAt;
    } else {
      // It says what time it is, and goes no further.
      change.count = 0;
    }
    out.accept(change);
  }

  /** Of the states that a payment may have, only this one begins so. */
  private static boolean isCaptured(Utf8 status) {
    byte[] letters = status.getBytes();
    return status.getByteLength() == 8 && letters[0] == 'c' && letters[1] == 'a';
  }

  private static long unscaled(ByteBuffer bytes) {
    long value = bytes.get(bytes.position());
    for (int at = bytes.position() + 1; at < bytes.limit(); at++) value = value << 8 | (bytes.get(at) & 0xff);
    return value;
  }

  private GenericDatumReader<GenericRecord> readerOf(int id) {
    Schema written = new Schema.Parser().setValidateDefaults(false).parse(schemas.get(id));
    String[] fields =
        side == Change.CAPTURED
            ? new String[] {"payment_id", "currency", "amount", "captured_at", "status"}
            : new String[] {"payment_id", "currency", "net", "fee"};
    GenericData data = new GenericData();
    data.setFastReaderEnabled(true);
    return new GenericDatumReader<>(written, projected(written, fields), data);
  }

  /** The envelope with before, after and the time in source, and of the row only some fields, in this order. */
  private static Schema projected(Schema envelope, String[] names) {
    Schema row = only(envelope.getField("before").schema().getTypes().get(1), names);
    Schema image = Schema.createUnion(Schema.create(Schema.Type.NULL), row);
    List<Schema.Field> fields = new ArrayList<>();
    fields.add(new Schema.Field("before", image));
    fields.add(new Schema.Field("after", image));
    fields.add(new Schema.Field("source", only(envelope.getField("source").schema(), "ts_ms")));
    return Schema.createRecord(envelope.getName(), null, envelope.getNamespace(), false, fields);
  }

  private static Schema only(Schema record, String... names) {
    List<Schema.Field> fields = new ArrayList<>();
    for (String name : names) fields.add(new Schema.Field(name, plain(record.getField(name).schema())));
    return Schema.createRecord(record.getName(), null, record.getNamespace(), false, fields);
  }

  /** Without logical types, which would be converted. */
  private static Schema plain(Schema schema) {
    if (schema.getType() != Schema.Type.UNION) return Schema.create(schema.getType());
    List<Schema> types = new ArrayList<>();
    for (Schema type : schema.getTypes()) types.add(Schema.create(type.getType()));
    return Schema.createUnion(types);
  }
}
