import { expect, it } from "vitest";
import { ANY, endpointGeneration, endpointSlot, GENERATION_SIZE, IDLE, makeEndpoint, MAX_GENERATION, NONE, SELF } from "./endpoint.ts";
import { describeResult, errorCode, errorName, errorNumbers } from "./errors.ts";

it("keeps slot and generation of every endpoint apart", () => {
  for (const generation of [0, 1, 2, 1000, MAX_GENERATION]) {
    for (const slot of [-5, -1, 0, 11, 255]) {
      const endpoint = makeEndpoint(generation, slot);
      expect([endpointGeneration(endpoint), endpointSlot(endpoint)]).toEqual([generation, slot]);
      expect(endpoint).toBeLessThanOrEqual(0x7fffffff);
    }
  }
  expect([GENERATION_SIZE, IDLE]).toEqual([36558, -4]);
});

it("has magic values that are no process's endpoint", () => {
  for (const magic of [ANY, NONE, SELF]) expect(endpointSlot(magic)).toBeGreaterThan(255);
});

it("has one name for every error number", () => {
  expect(new Set(Object.values(errorNumbers)).size).toBe(Object.keys(errorNumbers).length);
  expect([errorCode("EDEADSRCDST"), errorName(-302), errorName(105), errorName(-9999)]).toEqual([-105, "EDEADEPT", "EDEADSRCDST", null]);
  expect([describeResult(-14), describeResult(3), describeResult(-9999)]).toEqual(["EFAULT (-14)", "3", "-9999"]);
});
