import { runWorkerThread } from "../../cli/worker-main.ts";
import { breakable } from "./hooks.ts";

await runWorkerThread(breakable());
