// node scripts/with-node24.mjs <script.ts> [arguments]: what package.json's scripts start everything with.
import { launch } from "./launch.mjs";

const [script, ...args] = process.argv.slice(2);
await launch(script, args);
