import { connect } from "node:net";
import { driveTask } from "../../flink/socket-task.ts";
import { format, makeHostedTask } from "./hosted-task.ts";

/** The Node child of a Flink subtask: the socket's path is the last argument. */
const { task, dispose } = makeHostedTask();
try {
  await driveTask(connect(process.argv.at(-1)!), () => task, format);
} finally {
  dispose();
}
