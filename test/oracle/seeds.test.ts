import { testSeeds } from "./seeds.ts";

testSeeds(1, 20, 1_000);
