import { testSeeds } from "./support/seeds.ts";

testSeeds(1, 20, 1_000, 1);

/** Little happens in their nights, so that connectors that are restarted tell again what they told hours before. */
const QUIET_NIGHTS = [203, 205];
for (const seed of QUIET_NIGHTS) testSeeds(seed, seed, 2_000, 1);
