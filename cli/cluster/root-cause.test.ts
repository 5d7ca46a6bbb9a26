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

it("what a cause says stands where it was said", () => {
  const trace = `A function of the job failed in map at rules.ts:9:11: no JSON
    at parsed (job:rules.ts:9:11)
    because of SyntaxError: Unexpected end of JSON input
    at JSON.parse (<anonymous>)
    at parsed (job:rules.ts:7:17)
\tat countercheck.flink.TaskConnection.take(TaskConnection.java:90)`;
  expect(rootCauseOf(trace)).toEqual({
    message: "A function of the job failed in map at rules.ts:9:11: no JSON",
    stack: [
      "at parsed (rules.ts:9:11)",
      "because of SyntaxError: Unexpected end of JSON input",
      "at JSON.parse (<anonymous>)",
      "at parsed (rules.ts:7:17)",
    ],
  });
});

it("of the last lines of a process those that say something are told, in their order", () => {
  const trace = `Node of mine/0 has ended with exit code 1. Its last lines:
Error: no memory
    at hold (job:rules.ts:4:36)
    at node:internal/main/run_main_module:36:49 {
  code: 'ENOMEM'
}

Node.js v24.21.0`;
  expect(rootCauseOf(trace)).toEqual({
    message: "Node of mine/0 has ended with exit code 1. Its last lines:\nError: no memory",
    stack: ["at hold (rules.ts:4:36)", "code: 'ENOMEM'", "}"],
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
