import { id, job, minutes, model, sliding, table } from "countercheck";

export const Login = model("Login", {
  from: table("app", "failed_logins"),
  fields: { loginId: id(), account: id(), address: id() },
});

/** Accounts with failed logins from three addresses or more within ten minutes, looked at every five. */
export default job("attacked-accounts", (env) => {
  env
    .changes(Login)
    .asEvents()
    .keyBy("account")
    .window(sliding(minutes(10), minutes(5)))
    .aggregate("addresses", (logins) => ({
      account: logins.key("account"),
      addresses: logins.distinct("address"),
      until: logins.windowEnd(),
    }))
    .filter(({ addresses }) => addresses !== null && addresses >= 3n)
    .to("attacked");
});
