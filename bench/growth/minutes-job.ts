import { days } from "countercheck";
import { peersJob } from "../peers/job.ts";

/** For how long keys are remembered, and deleted rows: short, so that their lives end within minutes. */
export const RETAIN_DAYS = 2;

/** The check of the peers where little is remembered for long. */
export default peersJob("peers-minutes", { retain: days(RETAIN_DAYS) });
