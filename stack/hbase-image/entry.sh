# Runs HBase in standalone mode and its REST server, until the container is stopped; then lets HBase write what it holds.
mkdir -p /hbase/conf
property() { echo "<property><name>$1</name><value>$2</value></property>"; }
{
  echo '<?xml version="1.0"?><configuration>'
  property hbase.rootdir file:///data/hbase
  property hbase.tmp.dir /data/tmp
  property hbase.zookeeper.property.dataDir /data/zookeeper
  property hbase.zookeeper.property.clientPort 2181
  property hbase.zookeeper.quorum 127.0.0.1
  property hbase.cluster.distributed false
  property hbase.unsafe.stream.capability.enforce false
  property hbase.procedure.store.wal.use.hsync false
  property hbase.wal.provider filesystem
  property hbase.localcluster.assign.random.ports false
  property hbase.master.hostname localhost
  property hbase.master.port "$HBASE_MASTER_PORT"
  property hbase.master.ipc.address 0.0.0.0
  property hbase.master.info.port -1
  property hbase.regionserver.hostname localhost
  property hbase.regionserver.port "$HBASE_REGION_SERVER_PORT"
  property hbase.regionserver.ipc.address 0.0.0.0
  property hbase.regionserver.info.port -1
  property hbase.regionserver.msginterval 500
  property hbase.rest.port 8070
  property hbase.rest.info.port -1
  property zookeeper.recovery.retry 1
  echo '</configuration>'
} >/hbase/conf/hbase-site.xml
cat >/hbase/conf/log4j.properties <<'P'
log4j.rootLogger=INFO,out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n
P

# The list is that of HBase's own launcher for Java 17.
openings=(-Dorg.apache.hbase.thirdparty.io.netty.tryReflectionSetAccessible=true --add-modules jdk.unsupported)
for name in java.nio sun.nio.ch java.lang jdk.internal.ref java.lang.reflect java.util java.util.concurrent; do
  openings+=(--add-opens "java.base/$name=ALL-UNNAMED")
done
for name in java.base/jdk.internal.misc java.security.jgss/sun.security.krb5 java.base/sun.net.dns java.base/sun.net.util; do
  openings+=(--add-exports "$name=ALL-UNNAMED")
done
run() { exec java -Djava.net.preferIPv4Stack=true "${openings[@]}" -cp '/hbase/conf:/hbase/lib/*' "$@"; }

run -Xmx2g org.apache.hadoop.hbase.master.HMaster start &
master=$!
run -Xmx256m org.apache.hadoop.hbase.rest.RESTServer start &
trap 'kill $(jobs -p)' TERM INT
# The first wait ends with the signal, the second with HBase.
wait $master
wait $master
