import { expect, it } from "vitest";
import { isRepeated } from "./campaign.mjs";
import { FaultBus } from "./fault-bus.mjs";
import { Machine, rootImage } from "./machine.mjs";
import { patient } from "./rounds.mjs";

const LINE = "more than the sixteen that the chip takes at once";

it("[R10] nothing of what a program prints is lost, before whichever of its traps TTY crashes", () => {
  const bus: any = new FaultBus();
  const machine: any = new Machine([rootImage({})], { bus, services: { rs: patient } });
  bus.kernel = machine.system.kernel;
  const { endpoint } = machine.service("tty");
  /** What comes after the echo of the command. */
  const print = (plan: unknown): string => {
    const from = machine.console.length;
    machine.type(`sleep 1; echo ${LINE}\n`); // typing is over when it begins
    machine.until(() => machine.console.slice(from).includes(`${LINE}\r\n`), "echo");
    const start = machine.console.length;
    bus.watch(endpoint, plan);
    machine.until(() => machine.console.endsWith("# "), "prompt");
    bus.stop();
    return machine.console.slice(start);
  };
  const wanted = print(null);
  const { own } = bus;
  expect(own).toBeGreaterThan(20);
  let crashes = 0; // the last moments may not come: how often the saved state is written anew differs from line to line
  for (let moment = 1; moment <= own; moment++) {
    const shown = print({ how: "crash", moment });
    if (bus.struck !== null) crashes++;
    expect(isRepeated(shown, wanted), `crash before trap ${moment}: ${JSON.stringify(shown)}`).toBe(true);
    machine.pass(0.2);
  }
  expect(crashes).toBeGreaterThan(20);
  machine.until(() => machine.messages.includes(`RS: tty died and was replaced (restart ${crashes})`), "the last one to be replaced");
});
