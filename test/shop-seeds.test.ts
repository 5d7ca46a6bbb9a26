import { testSeeds } from "./support/seeds.ts";

testSeeds(1, 20, 3);
