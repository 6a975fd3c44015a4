import { expect, it } from "vitest";
import { defaultKernelCalls } from "@procyon-os/service-harness";
import { run } from "../test/run-program.ts";
import { panic, printf } from "./print.ts";

it("splits a text of more than 2000 characters, and prints all of it", () => {
  const text = "0123456789".repeat(450);
  const pieces: number[] = [];
  const { harness } = run(() => printf(text), {
    kernel: {
      sysctl: (here, request) => {
        pieces.push(request.argument);
        return defaultKernelCalls.sysctl?.(here, request) ?? "never";
      },
    },
  });
  expect(pieces).toEqual([2000, 2000, 500]);
  expect(harness.output).toBe(text);
});

it("[K32] says in a panic who, where and what, and ends", () => {
  let output = "";
  expect(() => run(() => panic("no more"), {
    kernel: {
      exit: (here) => {
        output = here.output;
        return "never";
      },
    },
  })).toThrow("kernel call exit");
  expect(output).toMatch(/^service\(100\): panic: no more\nsyslib: stacktrace: .+\n$/);
});
