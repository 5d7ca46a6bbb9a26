package countercheck.flink;

import java.io.IOException;
import java.util.Arrays;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Flink's type of raw records. Source and packer are chained and share the object, so that it is serialized only where they are not. */
public final class RawRecordsType extends TypeInformation<RawRecords> {
  static final RawRecordsType INSTANCE = new RawRecordsType();

  @Override
  public TypeSerializer<RawRecords> createSerializer(SerializerConfig config) {
    return Serializer.INSTANCE;
  }

  @Override
  public Class<RawRecords> getTypeClass() {
    return RawRecords.class;
  }

  @Override
  public boolean isBasicType() {
    return false;
  }

  @Override
  public boolean isTupleType() {
    return false;
  }

  @Override
  public boolean isKeyType() {
    return false;
  }

  @Override
  public int getArity() {
    return 1;
  }

  @Override
  public int getTotalFields() {
    return 1;
  }

  @Override
  public String toString() {
    return "RawRecords";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RawRecordsType;
  }

  @Override
  public int hashCode() {
    return RawRecordsType.class.hashCode();
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof RawRecordsType;
  }

  /** Split, number and length (4 bytes each), and the bytes. */
  public static final class Serializer extends TypeSerializerSingleton<RawRecords> {
    static final Serializer INSTANCE = new Serializer();

    @Override
    public boolean isImmutableType() {
      return false;
    }

    @Override
    public RawRecords createInstance() {
      return new RawRecords();
    }

    @Override
    public RawRecords copy(RawRecords from) {
      return copy(from, new RawRecords());
    }

    @Override
    public RawRecords copy(RawRecords from, RawRecords reuse) {
      reuse.wrap(from.split, from.records, Arrays.copyOf(from.bytes, from.length));
      return reuse;
    }

    @Override
    public int getLength() {
      return -1;
    }

    @Override
    public void serialize(RawRecords records, DataOutputView target) throws IOException {
      target.writeInt(records.split);
      target.writeInt(records.records);
      target.writeInt(records.length);
      target.write(records.bytes, 0, records.length);
    }

    @Override
    public RawRecords deserialize(DataInputView source) throws IOException {
      return deserialize(new RawRecords(), source);
    }

    @Override
    public RawRecords deserialize(RawRecords reuse, DataInputView source) throws IOException {
      int split = source.readInt();
      int records = source.readInt();
      byte[] bytes = new byte[source.readInt()];
      source.readFully(bytes);
      reuse.wrap(split, records, bytes);
      return reuse;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
      serialize(deserialize(source), target);
    }

    @Override
    public TypeSerializerSnapshot<RawRecords> snapshotConfiguration() {
      return new Snapshot();
    }

    /** The layout is fixed. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<RawRecords> {
      public Snapshot() {
        super(() -> INSTANCE);
      }
    }
  }
}
