import { expect, it } from "vitest";
import { forgetImages, keepProgram, programInMemory, sharedProgram } from "./images.ts";
import { RS_GONE } from "./flags.ts";
import { newState, takeEntry } from "./rs-state.ts";
import type { Service } from "./service.ts";

it("8.19: keeps a program once, shares it by path, and forgets it with the last entry that has it", () => {
  const state = newState();
  const [first, second, third] = [1, 2, 3].map(() => takeEntry(state) as Service) as [Service, Service, Service];
  for (const service of [first, second]) service.command = "/sbin/disk 1";
  third.command = "/other/disk 1";
  const image = Uint8Array.of(1, 2, 3);
  first.program = keepProgram(state, { kind: "elf", image });
  expect(keepProgram(state, { kind: "elf", image })).toEqual(first.program);
  expect(state.images.size).toBe(1);
  expect([sharedProgram(state, second), sharedProgram(state, third)]).toEqual([first.program, null]);
  second.program = sharedProgram(state, second);
  first.flags |= RS_GONE;
  forgetImages(state);
  expect(programInMemory(state, second)).toEqual({ kind: "elf", image });
  expect(sharedProgram(state, first)).toEqual(second.program);
  second.flags |= RS_GONE;
  forgetImages(state);
  expect(state.images.size).toBe(0);
  expect([programInMemory(state, second), sharedProgram(state, third)]).toEqual([null, null]);
});
