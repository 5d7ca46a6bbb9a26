package countercheck.peers;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** 49 bytes. */
public final class AccountSerializer extends TypeSerializerSingleton<Account> {
  @Override
  public boolean isImmutableType() {
    return false;
  }

  @Override
  public Account createInstance() {
    return new Account();
  }

  @Override
  public Account copy(Account from) {
    return copy(from, new Account());
  }

  @Override
  public Account copy(Account from, Account to) {
    to.captured = from.captured;
    to.settled = from.settled;
    to.due = from.due;
    to.currency = from.currency;
    to.captures = from.captures;
    to.lines = from.lines;
    to.told = from.told;
    to.toldAmount = from.toldAmount;
    to.version = from.version;
    return to;
  }

  @Override
  public int getLength() {
    return 49;
  }

  @Override
  public void serialize(Account account, DataOutputView out) throws IOException {
    out.writeLong(account.captured);
    out.writeLong(account.settled);
    out.writeLong(account.due);
    out.writeInt(account.currency);
    out.writeInt(account.captures);
    out.writeInt(account.lines);
    out.writeByte(account.told);
    out.writeLong(account.toldAmount);
    out.writeInt(account.version);
  }

  @Override
  public Account deserialize(DataInputView in) throws IOException {
    return deserialize(new Account(), in);
  }

  @Override
  public Account deserialize(Account account, DataInputView in) throws IOException {
    account.captured = in.readLong();
    account.settled = in.readLong();
    account.due = in.readLong();
    account.currency = in.readInt();
    account.captures = in.readInt();
    account.lines = in.readInt();
    account.told = in.readByte();
    account.toldAmount = in.readLong();
    account.version = in.readInt();
    return account;
  }

  @Override
  public void copy(DataInputView in, DataOutputView out) throws IOException {
    out.write(in, getLength());
  }

  @Override
  public TypeSerializerSnapshot<Account> snapshotConfiguration() {
    return new Snapshot();
  }

  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Account> {
    public Snapshot() {
      super(AccountSerializer::new);
    }
  }
}
