-- Columns that the query has no use for are not declared, so that they are not read.
CREATE TABLE payments (
  payment_id BIGINT,
  amount DECIMAL(14, 3),
  currency STRING,
  status STRING,
  changed_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  -- MariaDB's times are those of statements.
  WATERMARK FOR changed_at AS changed_at - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${PREFIX}maria.shop.payments',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = 'peers',
  'properties.isolation.level' = 'read_committed',
  'properties.commit.offsets.on.checkpoint' = 'false',
  'properties.max.poll.records' = '2000',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-avro-folder',
  'debezium-avro-folder.folder' = '${SCHEMAS}'
);

CREATE TABLE lines (
  payment_id BIGINT,
  net DECIMAL(14, 4),
  fee DECIMAL(14, 4),
  currency STRING,
  changed_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR changed_at AS changed_at
) WITH (
  'connector' = 'kafka',
  'topic' = '${PREFIX}pg.public.settlement_lines',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = 'peers',
  'properties.isolation.level' = 'read_committed',
  'properties.commit.offsets.on.checkpoint' = 'false',
  'properties.max.poll.records' = '2000',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'debezium-avro-folder',
  'debezium-avro-folder.folder' = '${SCHEMAS}'
);

-- What changes of both tables do to a payment.
CREATE VIEW changes AS
SELECT payment_id, currency, amount AS captured, CAST(0 AS DECIMAL(15, 4)) AS settled, 1 AS captures, changed_at
FROM payments
WHERE status = 'captured'
UNION ALL
SELECT payment_id, currency, CAST(0 AS DECIMAL(14, 3)), net + fee, 0, changed_at
FROM lines;

CREATE TABLE verdicts (
  `payment` STRING,
  `currency` STRING,
  `status` STRING,
  `class` STRING,
  `amount` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${RESULTS}',
  'properties.bootstrap.servers' = '${BROKERS}',
  'properties.transaction.timeout.ms' = '600000',
  'properties.compression.type' = 'lz4',
  'format' = 'json',
  'sink.delivery-guarantee' = 'exactly-once',
  'sink.transactional-id-prefix' = '${RESULTS}'
);
