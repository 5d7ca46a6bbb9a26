/** The books in MariaDB, by name: limits, and who changes them. */
export const limitTables: Readonly<Record<string, readonly string[]>> = {
  credit_limits: [
    `CREATE TABLE credit_limits (
      id BIGINT NOT NULL PRIMARY KEY,
      account VARCHAR(32) NOT NULL,
      amount DECIMAL(14, 2) NOT NULL,
      currency CHAR(3) NOT NULL,
      status ENUM('open', 'posted', 'settled') NOT NULL,
      version INT NOT NULL,
      updated_at DATETIME(3) NOT NULL
    )`,
  ],
  limits_context: [
    `CREATE TABLE limits_context (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      who VARCHAR(64) NOT NULL,
      why VARCHAR(255) NOT NULL
    )`,
  ],
};

/** The books in PostgreSQL, by name: entries with a replica identity, who changes them, and approved tickets. */
export const entryTables = (identity: "default" | "full"): Readonly<Record<string, readonly string[]>> => ({
  ledger_entries: [
    `CREATE TABLE ledger_entries (
      id bigint PRIMARY KEY,
      account varchar(32) NOT NULL,
      amount numeric(14, 2) NOT NULL,
      currency char(3) NOT NULL,
      status varchar(16) NOT NULL,
      version int NOT NULL,
      updated_at timestamptz NOT NULL
    )`,
    `ALTER TABLE ledger_entries REPLICA IDENTITY ${identity.toUpperCase()}`,
  ],
  ledger_context: [
    `CREATE TABLE ledger_context (
      id bigserial PRIMARY KEY,
      who varchar(64) NOT NULL,
      why varchar(255) NOT NULL
    )`,
  ],
  approvals: [
    `CREATE TABLE approvals (
      ticket varchar(32) PRIMARY KEY,
      table_name varchar(64) NOT NULL,
      row_keys varchar(1000) NOT NULL,
      columns varchar(1000) NOT NULL,
      valid_from timestamptz NOT NULL,
      valid_to timestamptz NOT NULL,
      max_rows int NOT NULL
    )`,
  ],
});
