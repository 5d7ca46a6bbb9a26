-- What the connector needs in PostgreSQL. Run it in the captured database once its tables are there, as their owner.
-- Put the name of your connector's user in the place of debezium, which must exist and have LOGIN and REPLICATION.

-- The row that proves that time passes. The connector writes it by heartbeat.action.query and captures the change.
CREATE TABLE IF NOT EXISTS public.heartbeat (
  id int NOT NULL PRIMARY KEY,
  beat bigint NOT NULL
);

-- Where a person asks the connector for something, such as a snapshot of a table that was added.
CREATE TABLE IF NOT EXISTS public.debezium_signal (
  id varchar(42) NOT NULL PRIMARY KEY,
  type varchar(32) NOT NULL,
  data varchar(2048) NULL
);

-- Changes carry the row as it was, long values that were not touched included.
ALTER TABLE public.settlement_lines REPLICA IDENTITY FULL;
ALTER TABLE public.payouts REPLICA IDENTITY FULL;

-- What is captured. The connector does not make it itself (publication.autocreate.mode), so it need own no table.
CREATE PUBLICATION countercheck
  FOR TABLE public.settlement_lines, public.payouts, public.heartbeat, public.debezium_signal;

GRANT USAGE ON SCHEMA public TO debezium;
GRANT SELECT ON public.settlement_lines, public.payouts, public.heartbeat, public.debezium_signal TO debezium;
GRANT INSERT, UPDATE ON public.heartbeat TO debezium;
GRANT INSERT ON public.debezium_signal TO debezium;
