import { describe, expect, it } from "vitest";
import { crashAtEveryTrap, scenarios } from "./crash-points.mjs";

describe("VM dies before each trap of a request, and another instance goes on: nobody sees a difference, no frame is lost", () => {
  it.each(Object.keys(scenarios))("[R10] %s", (name) => {
    expect(crashAtEveryTrap(name)).toBeGreaterThan(2);
  });

  it.each(["page fault, copy on write", "munmap in the middle", "fork", "safemap, and its end", "exchange of two instances"])("[R10] %s, on 2 CPUs", (name) => {
    expect(crashAtEveryTrap(name, { cpus: 2, every: 2 })).toBeGreaterThan(2);
  });

  it.each(["fork", "exec"])("[R10] %s, killed by a signal, on 4 CPUs", (name) => {
    expect(crashAtEveryTrap(name, { cpus: 4, how: "kill", every: 3 })).toBeGreaterThan(2);
  });
});
