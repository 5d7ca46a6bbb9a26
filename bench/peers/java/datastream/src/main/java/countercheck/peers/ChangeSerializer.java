package countercheck.peers;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** 30 bytes. */
public final class ChangeSerializer extends TypeSerializerSingleton<Change> {
  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public Change createInstance() {
    return new Change();
  }

  @Override
  public Change copy(Change from) {
    return copy(from, new Change());
  }

  @Override
  public Change copy(Change from, Change to) {
    to.payment = from.payment;
    to.side = from.side;
    to.count = from.count;
    to.amount = from.amount;
    to.currency = from.currency;
    to.time = from.time;
    to.changedAt = from.changedAt;
    return to;
  }

  @Override
  public int getLength() {
    return 30;
  }

  @Override
  public void serialize(Change change, DataOutputView out) throws IOException {
    out.writeLong(change.payment);
    out.writeByte(change.side);
    out.writeByte(change.count);
    out.writeLong(change.amount);
    out.writeInt(change.currency);
    out.writeLong(change.time);
  }

  @Override
  public Change deserialize(DataInputView in) throws IOException {
    return deserialize(new Change(), in);
  }

  @Override
  public Change deserialize(Change change, DataInputView in) throws IOException {
    change.payment = in.readLong();
    change.side = in.readByte();
    change.count = in.readByte();
    change.amount = in.readLong();
    change.currency = in.readInt();
    change.time = in.readLong();
    return change;
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    out.write(in, getLength());
  }

  @Override
  public TypeSerializerSnapshot<Change> snapshotConfiguration() {
    return new Snapshot();
  }

  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Change> {
    public Snapshot() {
      super(ChangeSerializer::new);
    }
  }
}
