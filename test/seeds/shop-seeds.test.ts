import { testSeeds } from "../support/seeds.ts";

testSeeds(1, 200, 2_000, 10);
