-- What the connector needs in MariaDB. Run it in the captured database (USE …), as an administrator.
-- Put the name and the host of your connector's user in the place of debezium@'%', which must exist.

-- The row that proves that time passes. The connector writes it by heartbeat.action.query and captures the change.
CREATE TABLE IF NOT EXISTS heartbeat (
  id INT NOT NULL PRIMARY KEY,
  beat BIGINT NOT NULL
);

-- Where a person asks the connector for something, such as a snapshot of a table that was added.
CREATE TABLE IF NOT EXISTS debezium_signal (
  id VARCHAR(42) NOT NULL PRIMARY KEY,
  type VARCHAR(32) NOT NULL,
  data VARCHAR(2048) NULL
);

-- Of the whole server: reading the binlog, and a consistent snapshot.
GRANT RELOAD, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO debezium@'%';
-- Of this database: reading what is captured, and locking it for the moment in which the snapshot begins.
GRANT SELECT, LOCK TABLES ON * TO debezium@'%';
GRANT INSERT, UPDATE ON heartbeat TO debezium@'%';
GRANT INSERT ON debezium_signal TO debezium@'%';
