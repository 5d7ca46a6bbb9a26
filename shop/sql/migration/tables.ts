/** The old application's accounts in MariaDB: numbers for states, times of local clocks, columns that may be null. */
export const oldAccounts: readonly string[] = [
  `CREATE TABLE accounts (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    owner_name VARCHAR(80) NULL,
    state INT NOT NULL,
    balance DECIMAL(14, 3) NOT NULL,
    currency CHAR(3) NOT NULL,
    credit_limit DECIMAL(14, 3) NULL,
    opened_at DATETIME NOT NULL,
    branch INT NOT NULL DEFAULT 1,
    gmt_create DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    gmt_modified DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
  ) AUTO_INCREMENT = 40001`,
];

const NEW_ACCOUNTS = `CREATE TABLE accounts_v2 (
    account_id varchar(40) NOT NULL PRIMARY KEY,
    legacy_id bigint NOT NULL UNIQUE,
    owner_name varchar(80) NOT NULL DEFAULT '',
    state varchar(12) NOT NULL,
    balance numeric(18, 4) NOT NULL,
    currency char(3) NOT NULL,
    credit_limit numeric(18, 4) NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    tier varchar(12) NOT NULL DEFAULT 'basic',
    synced_at timestamptz NOT NULL DEFAULT now()
  )`;

/** The new application's accounts in PostgreSQL, whose log has former rows whole, or only their keys. */
export function newAccounts(identity: "default" | "full"): readonly string[] {
  return [NEW_ACCOUNTS, ...(identity === "full" ? ["ALTER TABLE accounts_v2 REPLICA IDENTITY FULL"] : [])];
}
