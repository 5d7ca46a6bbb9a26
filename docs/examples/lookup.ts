import { flag, id, job, model, seconds, table, text } from "countercheck";

export const Payout = model("Payout", {
  from: table("bank", "payouts"),
  fields: { payoutId: id(), account: text() },
  insertsOnly: true,
});

/** Where the register of sanctioned accounts answers. */
const REGISTER = process.env.REGISTER_URL ?? "http://127.0.0.1:8080";

/** Payouts to accounts that are on a register of others; the ones that it gives no answer for go aside. */
export default job("sanctions", (env) => {
  const checked = env
    .changes(Payout)
    .asEvents()
    .lookup("register", {
      emits: { payoutId: id(), account: text(), listed: flag() },
      lookup: async (payouts, signal) => {
        const body = JSON.stringify(payouts.map(({ account }) => account));
        const response = await fetch(REGISTER, { method: "POST", body, signal });
        if (!response.ok) throw new Error(`the register answers ${response.status}`);
        const listed = (await response.json()) as boolean[];
        return payouts.map((payout, i) => ({ ...payout, listed: listed[i] ?? null }));
      },
      timeout: seconds(10),
      ordered: false,
      retries: 3,
    });
  checked.where({ listed: true }).to("stopped");
  checked.failed().to("by-hand");
});
