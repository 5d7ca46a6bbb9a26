import { jointJob } from "../../checks/joint-job.ts";
import { shippedJob } from "./cases/shipped.job.ts";
import { ownCases } from "./own-cases.ts";

/** All cases as one job, without what they give: it can be sent to a cluster. */
export default jointJob([shippedJob, ...ownCases.map(({ job }) => job)], "conformance");
