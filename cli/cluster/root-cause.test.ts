import { expect, it } from "vitest";
import { rootCauseOf } from "./root-cause.ts";

it("the cause that is ours is told, with the places in the job's files and without Java's frames", () => {
  const trace = `org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy
\tat org.apache.flink.runtime.executiongraph.failover.ExecutionFailureHandler.handleFailure(ExecutionFailureHandler.java:180)
Caused by: countercheck.flink.TaskFailure: The job's function threw: no rate for CHF.
It was at key 7.
    at rateOf (job:jobs/mine/rates.ts:12:5)
    at async job:jobs/mine/job.ts:3:9
    at ModuleJob.run (node:internal/modules/esm/module_job:561:25)
\tat countercheck.flink.TaskConnection.take(TaskConnection.java:90)
\t... 5 more
Caused by: java.io.IOException: Broken pipe
\tat java.base/sun.nio.ch.SocketDispatcher.write0(Native Method)`;
  expect(rootCauseOf(trace)).toEqual({
    message: "The job's function threw: no rate for CHF.\nIt was at key 7.",
    stack: ["at rateOf (jobs/mine/rates.ts:12:5)", "at async jobs/mine/job.ts:3:9"],
  });
});

it("of causes that are not ours the last is told", () => {
  const trace = `<Exception on server side:
java.util.concurrent.CompletionException: org.apache.flink.util.FlinkException: no slots
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.
End of exception on server side>`;
  expect(rootCauseOf(trace).message).toMatch(/^Could not acquire the minimum required resources\./);
});

it("a text that is no stack is its own message", () => {
  expect(rootCauseOf("Job 17 not found")).toEqual({ message: "Job 17 not found", stack: [] });
});
