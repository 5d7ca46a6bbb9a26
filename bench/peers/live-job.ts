import { milliseconds } from "countercheck";
import { peersJob } from "./job.ts";

/** The check of the peers where clocks of databases agree: nothing is waited for but what proves that all was read. */
export default peersJob("peers-live", { skew: milliseconds(0) });
