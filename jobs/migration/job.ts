import { days, job, seconds } from "countercheck";
import { NewAccount, OldAccount } from "./models.ts";

/** Accounts move from MariaDB to PostgreSQL: while both are written, they must say the same. */
export default job("migration", (env) => {
  env.replica("account-migration", {
    by: "accountId",
    old: env.changes(OldAccount),
    new: env.changes(NewAccount),
    compare: {
      ownerName: { nullIs: "" },
      state: true,
      balance: true,
      creditLimit: { nullIs: "0" },
      openedAt: { oldClock: "Europe/Berlin" },
    },
    failAfter: seconds(30),
    backfilledAfter: days(3),
    direction: "oldToNew",
  });
});
