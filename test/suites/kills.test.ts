import { expect, it } from "vitest";
import { Kills } from "./kills.mjs";

it.each([1, 2])("[K25] [K26] [V19] grantor or requestor of a suite may be killed at any moment: nothing stays mapped, no memory is lost (%i CPUs)", (cpus) => {
  const kills = new Kills(cpus);
  const first = cpus * 1000;
  kills.round(first);
  const before = kills.freeKb;
  for (let seed = first + 1; seed < first + 5; seed++) kills.round(seed);
  expect(before - kills.freeKb).toBeLessThan(256); // what the servers keep
  kills.pass("safemap", "hosted", "c");
});
