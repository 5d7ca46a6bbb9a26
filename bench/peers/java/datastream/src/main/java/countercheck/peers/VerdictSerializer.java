package countercheck.peers;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** 25 bytes. */
public final class VerdictSerializer extends TypeSerializerSingleton<Verdict> {
  @Override
  public boolean isImmutableType() {
    return true;
  }

  @Override
  public Verdict createInstance() {
    return new Verdict(0, 0, Verdict.PASS, 0, 0);
  }

  @Override
  public Verdict copy(Verdict from) {
    return from;
  }

  @Override
  public Verdict copy(Verdict from, Verdict to) {
    return from;
  }

  @Override
  public int getLength() {
    return 25;
  }

  @Override
  public void serialize(Verdict verdict, DataOutputView out) throws IOException {
    out.writeLong(verdict.payment());
    out.writeInt(verdict.currency());
    out.writeByte(verdict.what());
    out.writeLong(verdict.amount());
    out.writeInt(verdict.version());
  }

  @Override
  public Verdict deserialize(DataInputView in) throws IOException {
    return new Verdict(in.readLong(), in.readInt(), in.readByte(), in.readLong(), in.readInt());
  }

  @Override
  public Verdict deserialize(Verdict verdict, DataInputView in) throws IOException {
    return deserialize(in);
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    out.write(in, getLength());
  }

  @Override
  public TypeSerializerSnapshot<Verdict> snapshotConfiguration() {
    return new Snapshot();
  }

  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Verdict> {
    public Snapshot() {
      super(VerdictSerializer::new);
    }
  }
}
