import { encodeRequest, type Endpoint } from "@procyon-os/message";
import { expect, it } from "vitest";
import { niceToPriority, schedContract } from "./index.ts";

it.each([[-20, 0], [-1, 7], [0, 7], [1, 8], [20, 15], [21, null], [-21, null]])("puts nice %i into queue %j", (nice, queue) => {
  expect(niceToPriority(nice)).toBe(queue);
});

it("puts the fields of START where MINIX's sched_start.c does", () => {
  const message = encodeRequest(schedContract.base, schedContract.calls.start, {
    process: 11 as Endpoint, quantum: 200, parent: 2 as Endpoint, maxPriority: 7,
  });
  expect([...message]).toEqual([0, 0xf02, 11, 200, 2, 7, 0, 0, 0]);
});
