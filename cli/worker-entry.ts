import { runWorkerThread } from "./worker-main.ts";

await runWorkerThread();
