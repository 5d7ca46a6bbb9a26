import { peersJob } from "./job.ts";

/** The same check without a row stage: both tables are declared `before: full`. */
export default peersJob("peers", { before: "full" });
