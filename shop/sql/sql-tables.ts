/** The shop's tables in MariaDB, in the shapes of the simulated ones. */
export const mariaTables: readonly string[] = [
  `CREATE TABLE payments (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id BIGINT NOT NULL,
    merchant_id INT NOT NULL,
    amount DECIMAL(14, 3) NOT NULL,
    currency CHAR(3) NOT NULL,
    status ENUM('created', 'authorized', 'captured', 'failed') NOT NULL,
    captured_at DATETIME(3) NULL,
    created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    KEY payment (payment_id)
  ) AUTO_INCREMENT = 5000001`,
  `CREATE TABLE refunds (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id BIGINT NOT NULL,
    kind VARCHAR(10) NOT NULL,
    amount DECIMAL(14, 3) NOT NULL,
    currency CHAR(3) NOT NULL,
    status ENUM('requested', 'succeeded', 'failed') NOT NULL,
    refunded_at DATETIME(3) NULL,
    KEY payment (payment_id)
  ) AUTO_INCREMENT = 70001`,
];

/** The acquirer's ledger in PostgreSQL. */
export const postgresTables: readonly string[] = [
  `CREATE TABLE settlement_lines (
    batch_id varchar(40) NOT NULL,
    line_no int NOT NULL,
    payment_id bigint NOT NULL,
    kind varchar(12) NOT NULL,
    net numeric(18, 4) NOT NULL,
    fee numeric(18, 4) NOT NULL,
    currency char(3) NOT NULL,
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (batch_id, line_no)
  )`,
];
