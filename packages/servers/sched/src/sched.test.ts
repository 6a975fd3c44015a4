import { GET_MACHINE, GET_WHOAMI, machine } from "@procyon-os/contract-kernel";
import { SCHEDULING_NO_QUANTUM, schedContract } from "@procyon-os/contract-sched";
import { CLOCK, INIT, NONE, PM, RS, SCHED, SENDREC, TTY, fail, makeEndpoint, newMessage, ok, type Endpoint } from "@procyon-os/message";
import { ServiceHarness, type KernelScript } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { sched as image } from "./index.ts";

const CHILD = (36558 + 20) as Endpoint;
const OTHER = (36558 + 21) as Endpoint;

interface World {
  harness: ServiceHarness;
  log: string[]; // what the kernel was asked: "who queue quantum cpu"
}

function world(processors = 1, badCpu = -2): World {
  const log: string[] = [];
  const kernel: KernelScript = {
    getinfo: (one, { what, address }) => {
      if (what === GET_WHOAMI) return ok({ endpoint: SCHED, privilegeFlags: 0, name: "sched" });
      if (what === GET_MACHINE) one.memory.set(machine.encode({ processors, bootProcessor: 0, apicEnabled: 1, acpiRsdp: 0 }), address);
      else one.memory.set(Uint8Array.of(60, 0, 0, 0), address);
      return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
    },
    schedctl: (_one, { process }) => {
      log.push(`take ${process}`);
      return ok({});
    },
    schedule: (_one, { process, priority, quantumMs, cpu }) => {
      log.push(`${process} q${priority} ${quantumMs}ms cpu${cpu}`);
      return cpu === badCpu ? fail("EBADCPU") : ok({});
    },
  };
  return { harness: new ServiceHarness(image, { endpoint: SCHED, kernel }), log };
}

const startInit = ({ harness }: World) =>
  harness.call(schedContract, PM, "start", { process: INIT, quantum: 999, parent: INIT, maxPriority: 3 });
const noQuantum = ({ harness }: World, who: Endpoint) => harness.fromKernel(who, newMessage(SCHEDULING_NO_QUANTUM));

it("starts init in the users' queue, and a child with what its parent has now", () => {
  const w = world();
  expect(startInit(w)).toEqual({ ok: true, value: { scheduler: SCHED } });
  noQuantum(w, INIT);
  expect(w.harness.call(schedContract, PM, "inherit", { process: CHILD, parent: INIT, maxPriority: 5 })).toMatchObject({ ok: true });
  expect(w.log).toEqual([`take ${INIT}`, `${INIT} q7 200ms cpu0`, `${INIT} q8 200ms cpu-1`, `take ${CHILD}`, `${CHILD} q8 200ms cpu0`]);
});

it("lets a process sink with every quantum down to the last queue, and lifts it every 5 seconds", () => {
  const w = world();
  w.harness.call(schedContract, RS, "start", { process: CHILD, quantum: 50, parent: RS, maxPriority: 13 });
  expect(w.harness.alarm).toBe(w.harness.uptime + 300);
  for (let i = 0; i < 4; i++) noQuantum(w, CHILD);
  for (let i = 0; i < 3; i++) w.harness.notify(CLOCK);
  expect(w.log.slice(2).map((line) => line.split(" ")[1])).toEqual(["q14", "q15", "q15", "q15", "q14", "q13"]);
});

it("answers NO_QUANTUM of a liar with EPERM and of the kernel not at all", () => {
  const w = world();
  startInit(w);
  expect(noQuantum(w, INIT)).toEqual([]);
  const liar = w.harness.send(INIT, newMessage(SCHEDULING_NO_QUANTUM), SENDREC);
  expect(liar.map(({ to, message }) => [to, message[1]])).toEqual([[INIT, -1]]);
});

it("takes orders from PM and RS only, and names what is wrong with one", () => {
  const w = world();
  startInit(w);
  const { harness } = w;
  const order = { process: CHILD, parent: INIT, maxPriority: 7, quantum: 100 };
  expect(harness.call(schedContract, TTY, "inherit", order)).toEqual(fail("EPERM"));
  expect(harness.call(schedContract, PM, "start", { ...order, process: makeEndpoint(1, INIT) })).toEqual(fail("EDEADEPT"));
  expect(harness.call(schedContract, PM, "start", { ...order, process: INIT, parent: INIT })).toMatchObject({ ok: true }); // once more, after SCHED died
  expect(harness.call(schedContract, PM, "start", { ...order, maxPriority: 16 })).toEqual(fail("EINVAL"));
  expect(harness.call(schedContract, PM, "start", { ...order, process: -2 as Endpoint })).toEqual(fail("EBADEPT"));
  expect(harness.call(schedContract, PM, "inherit", { ...order, parent: OTHER })).toEqual(fail("EDEADEPT"));
  expect(harness.call(schedContract, PM, "stop", { process: CHILD })).toEqual(fail("EBADEPT"));
  expect(harness.call(schedContract, PM, "setNice", { process: INIT, maxPriority: 16 })).toEqual(fail("EINVAL"));
  expect(harness.call(schedContract, PM, "stop", { process: INIT })).toEqual({ ok: true, value: {} });
  expect(startInit(w)).toMatchObject({ ok: true });
});

it("sets the best priority of a process and with it the present one", () => {
  const w = world();
  startInit(w);
  expect(w.harness.call(schedContract, PM, "setNice", { process: INIT, maxPriority: 12 })).toEqual({ ok: true, value: {} });
  noQuantum(w, INIT);
  expect(w.log.slice(-2)).toEqual([`${INIT} q12 200ms cpu-1`, `${INIT} q13 200ms cpu-1`]);
});

it("keeps services on the boot processor, spreads users over the others, and gives up one that does not run", () => {
  const w = world(3, 1);
  w.harness.call(schedContract, RS, "start", { process: 30 as Endpoint, quantum: 200, parent: RS, maxPriority: 7 });
  startInit(w);
  for (const process of [CHILD, OTHER]) w.harness.call(schedContract, PM, "inherit", { process, parent: INIT, maxPriority: 7 });
  expect(w.log.filter((line) => !line.startsWith("take"))).toEqual([
    "30 q7 200ms cpu0", `${INIT} q7 200ms cpu1`, `${INIT} q7 200ms cpu2`, `${CHILD} q7 200ms cpu2`, `${OTHER} q7 200ms cpu2`,
  ]);
});
