import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hbase.HBaseConfiguration;
import org.apache.hadoop.hbase.TableName;
import org.apache.hadoop.hbase.client.ColumnFamilyDescriptorBuilder;
import org.apache.hadoop.hbase.client.Connection;
import org.apache.hadoop.hbase.client.ConnectionFactory;
import org.apache.hadoop.hbase.client.TableDescriptorBuilder;
import org.apache.hadoop.hbase.util.Bytes;

/**
 * Makes a table that is split, which HBase's REST server cannot; for stacks without `hbase shell`. Its arguments:
 * ZooKeeper as host:port, the table, the column family, the splits with commas between them, and what the family is
 * made with, each as NAME=VALUE.
 */
class CreateTable {
  public static void main(String[] args) throws Exception {
    Configuration configuration = HBaseConfiguration.create();
    configuration.set("hbase.zookeeper.quorum", args[0]);
    ColumnFamilyDescriptorBuilder family = ColumnFamilyDescriptorBuilder.newBuilder(Bytes.toBytes(args[2]));
    for (String option : Arrays.asList(args).subList(4, args.length)) {
      String[] parts = option.split("=", 2);
      family.setValue(parts[0], parts[1]);
    }
    TableDescriptorBuilder table =
        TableDescriptorBuilder.newBuilder(TableName.valueOf(args[1])).setColumnFamily(family.build());
    byte[][] splits = Arrays.stream(args[3].split(",")).map(Bytes::toBytes).toArray(byte[][]::new);
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      connection.getAdmin().createTable(table.build(), splits);
    }
  }
}
