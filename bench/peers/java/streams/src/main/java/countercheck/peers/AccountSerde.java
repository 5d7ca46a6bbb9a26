package countercheck.peers;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** 49 bytes. */
final class AccountSerde implements Serde<Account> {
  private static final int LENGTH = 49;

  @Override
  public Serializer<Account> serializer() {
    return (topic, account) -> {
      if (account == null) return null;
      ByteBuffer bytes = ByteBuffer.allocate(LENGTH);
      bytes.putLong(account.captured).putLong(account.settled).putLong(account.due).putInt(account.currency);
      bytes.putInt(account.captures).putInt(account.lines);
      bytes.put(account.told).putLong(account.toldAmount).putInt(account.version);
      return bytes.array();
    };
  }

  @Override
  public Deserializer<Account> deserializer() {
    return (topic, data) -> {
      if (data == null) return null;
      ByteBuffer bytes = ByteBuffer.wrap(data);
      Account account = new Account();
      account.captured = bytes.getLong();
      account.settled = bytes.getLong();
      account.due = bytes.getLong();
      account.currency = bytes.getInt();
      account.captures = bytes.getInt();
      account.lines = bytes.getInt();
      account.told = bytes.get();
      account.toldAmount = bytes.getLong();
      account.version = bytes.getInt();
      return account;
    };
  }
}
