import { describeService, Machine } from "@procyon-os/conformance";
import { expect, it } from "vitest";
import { image } from "../src/index.js";

describeService("rs", image);

it("lets a service rest for five seconds, and a core service not at all", () => {
  const machine = new Machine({ rs: image });
  machine.probe("retrieve", "nothing"); // a service of its own, which says what it found each time it starts
  const lives = () => machine.messages.split("probe1: ESRCH").length - 1;
  machine.run(`kill -9 ${machine.service("probe1").pid}`);
  machine.pass(3);
  expect(lives()).toBe(1);
  machine.pass(6);
  expect(lives()).toBe(2);

  machine.run(`kill -9 ${machine.service("ds").pid}`);
  machine.pass(1);
  expect(machine.probe("retrieve", "nothing")).toBe("ESRCH");
});
