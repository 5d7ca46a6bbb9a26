package countercheck.flink;

import java.io.IOException;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Flink's type of raw records. Source and packer are chained and share the object, so that it is serialized only where they are not. */
public final class RawRecordType extends TypeInformation<RawRecord> {
  static final RawRecordType INSTANCE = new RawRecordType();

  @Override
  public TypeSerializer<RawRecord> createSerializer(SerializerConfig config) {
    return Serializer.INSTANCE;
  }

  @Override
  public Class<RawRecord> getTypeClass() {
    return RawRecord.class;
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
    return "RawRecord";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RawRecordType;
  }

  @Override
  public int hashCode() {
    return RawRecordType.class.hashCode();
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof RawRecordType;
  }

  /** Split and length (4 bytes each), and the bytes. */
  public static final class Serializer extends TypeSerializerSingleton<RawRecord> {
    static final Serializer INSTANCE = new Serializer();

    @Override
    public boolean isImmutableType() {
      return false;
    }

    @Override
    public RawRecord createInstance() {
      return new RawRecord();
    }

    @Override
    public RawRecord copy(RawRecord from) {
      return copy(from, new RawRecord());
    }

    @Override
    public RawRecord copy(RawRecord from, RawRecord reuse) {
      reuse.reserve(from.length);
      reuse.split = from.split;
      reuse.length = from.length;
      System.arraycopy(from.bytes, 0, reuse.bytes, 0, from.length);
      return reuse;
    }

    @Override
    public int getLength() {
      return -1;
    }

    @Override
    public void serialize(RawRecord record, DataOutputView target) throws IOException {
      target.writeInt(record.split);
      target.writeInt(record.length);
      target.write(record.bytes, 0, record.length);
    }

    @Override
    public RawRecord deserialize(DataInputView source) throws IOException {
      return deserialize(new RawRecord(), source);
    }

    @Override
    public RawRecord deserialize(RawRecord reuse, DataInputView source) throws IOException {
      reuse.split = source.readInt();
      reuse.length = source.readInt();
      reuse.reserve(reuse.length);
      source.readFully(reuse.bytes, 0, reuse.length);
      return reuse;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
      serialize(deserialize(source), target);
    }

    @Override
    public TypeSerializerSnapshot<RawRecord> snapshotConfiguration() {
      return new Snapshot();
    }

    /** The layout is fixed. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<RawRecord> {
      public Snapshot() {
        super(() -> INSTANCE);
      }
    }
  }
}
