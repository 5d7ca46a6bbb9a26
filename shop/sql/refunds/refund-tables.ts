/** The refund desk's tables in MariaDB, by name: integer states, keys that are text, minor units. */
export const deskTables: Readonly<Record<string, readonly string[]>> = {
  purchases: [
    `CREATE TABLE purchases (
      purchase_no VARCHAR(32) NOT NULL PRIMARY KEY,
      buyer_no VARCHAR(32) NOT NULL,
      due_amount BIGINT NOT NULL,
      currency CHAR(3) NOT NULL,
      gmt_create DATETIME(3) NOT NULL,
      gmt_modified DATETIME(3) NOT NULL
    )`,
  ],
  charges: [
    `CREATE TABLE charges (
      charge_no VARCHAR(32) NOT NULL PRIMARY KEY,
      purchase_no VARCHAR(32) NOT NULL,
      status TINYINT NOT NULL,
      amount BIGINT NOT NULL,
      currency CHAR(3) NOT NULL,
      gmt_create DATETIME(3) NOT NULL,
      gmt_modified DATETIME(3) NOT NULL
    )`,
  ],
  charge_refunds: [
    `CREATE TABLE charge_refunds (
      refund_no VARCHAR(32) NOT NULL PRIMARY KEY,
      charge_no VARCHAR(32) NOT NULL,
      request_no VARCHAR(64) NOT NULL,
      reason VARCHAR(16) NOT NULL,
      channel_ref VARCHAR(64) NOT NULL,
      channel_no VARCHAR(64) NULL,
      status TINYINT NOT NULL,
      amount BIGINT NOT NULL,
      currency CHAR(3) NOT NULL,
      gmt_create DATETIME(3) NOT NULL,
      gmt_finish DATETIME(3) NULL,
      gmt_modified DATETIME(3) NOT NULL
    )`,
  ],
};

/** The ledger's bookings in PostgreSQL. Its log has of a row that changes the new image alone. */
export const bookingTables: Readonly<Record<string, readonly string[]>> = {
  refund_bookings: [
    `CREATE TABLE refund_bookings (
      booking_id bigserial PRIMARY KEY,
      refund_no varchar(32) NOT NULL,
      amount bigint NOT NULL,
      currency char(3) NOT NULL,
      booked_at timestamptz NOT NULL
    )`,
  ],
};
