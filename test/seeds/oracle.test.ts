import { testSeeds } from "../oracle/seeds.ts";

testSeeds(1, 200, 2_000);
