import { job, seconds, text } from "countercheck";
import { Payment } from "../../jobs/payment-settlement/models.ts";

/** Where the names of payments are asked for: a server of the test. */
const url = process.env.COUNTERCHECK_TEST_URL ?? "";

const { paymentId, status, capturedAt } = Payment.fields;

/** Asks a server about each payment, hands on what it says in order, and once more without order. */
export default job("lookups", (env) => {
  const payments = env.changes(Payment).asEvents();
  for (const [name, ordered] of [
    ["ordered", true],
    ["unordered", false],
  ] as const) {
    payments
      .lookup(`ask-${name}`, {
        emits: { paymentId, status, capturedAt, name: text() },
        lookup: async (rows, signal) => {
          const response = await fetch(url, { method: "POST", body: rows.map((row) => row.paymentId).join(), signal });
          if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
          const names = (await response.text()).split(",");
          return rows.map((row, i) => ({ ...row, name: names[i]! }));
        },
        timeout: seconds(30),
        ordered,
        inFlight: 50,
        batch: 10,
        retries: 6,
      })
      .to(name);
  }
  // Behind an exchange: all that is asked comes in front of the watermark that closes it.
  payments
    .lookup("ask-again", {
      emits: { paymentId, capturedAt },
      lookup: async (rows) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
        return rows.map((row) => ({ ...row }));
      },
      timeout: seconds(30),
      ordered: false,
      inFlight: 50,
    })
    .keyBy("paymentId")
    .process("late", {
      state: {},
      emits: { paymentId, capturedAt, late: text() },
      onElement: (row, { emit, time, watermark, setTimer }) => {
        // Rows of the seed have no event time.
        emit({ ...row, late: Number.isFinite(time) && time <= watermark ? "late" : "" });
        setTimer(time + 1);
      },
    })
    .to("late");
});
