import { hours, id, instant, job, model, seconds, table, text } from "countercheck";

export const Login = model("Login", {
  from: table("app", "logins"),
  fields: { user: id(), device: text(), at: instant() },
});

/** The first login of each user and device within a day, and the device that each user was seen with last. */
export default job("logins", (env) => {
  const logins = env
    .changes(Login)
    .asEvents()
    .timedBy("at", { lag: seconds(10) });
  logins
    .keyBy("user", "device")
    .deduplicate("new-devices", { keep: "first", ttl: hours(24) })
    .to("new-devices");
  logins.select("user", "device").keyBy("user").deduplicate("last-devices", { keep: "last" }).to("last-devices");
});
