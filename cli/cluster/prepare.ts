import type { Submission, SubmissionRequest } from "./submission.ts";

/** `openSubmission`, with what makes bundles and jars loaded when it is needed: other commands start without. */
export async function prepareSubmission(request: SubmissionRequest): Promise<Submission> {
  return (await import("./submission.ts")).openSubmission(request);
}
