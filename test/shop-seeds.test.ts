import { testSeeds } from "./support/seeds.ts";

testSeeds(1, 20, 1_000, 1);
