import { GET_MACHINE, GET_WHOAMI, machine } from "@procyon-os/contract-kernel";
import { SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { SCHEDULING_NO_QUANTUM, schedContract } from "@procyon-os/contract-sched";
import {
  CLOCK, INIT, NONE, PM, RS, SCHED, SEND, SENDA, SENDREC, STATUS_FROM_KERNEL, TTY, encodeRequest, errorCode, fail, makeEndpoint, newMessage, ok,
  type Endpoint, type Message,
} from "@procyon-os/message";
import { checkSavedState } from "@procyon-os/sef";
import { ServiceHarness, type KernelScript, type Sent } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { sched as image } from "./index.ts";

const CHILD = (36558 + 20) as Endpoint;
const OTHER = (36558 + 21) as Endpoint;

checkSavedState(true);

interface World {
  harness: ServiceHarness;
  readonly log: string[]; // what the kernel was asked: "who queue quantum cpu"
  readonly answers: [Endpoint, number][];
  deaths: number;
  /** Sends a message; where SCHED dies over it, the next instance takes over. */
  readonly deliver: (from: Endpoint, message: Message, status?: number) => void;
}

/** @param mostTraps after which the first instance is killed */
function world(processors = 1, badCpu = -2, mostTraps?: number): World {
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
  const answers: [Endpoint, number][] = [];
  const onSend = ({ how, to, message }: Sent): void => {
    if (how !== SENDREC) answers.push([to, message[1] as number]);
  };
  const options = { endpoint: SCHED, kernel, onSend };
  const w: World = {
    harness: new ServiceHarness(image, mostTraps === undefined ? options : { ...options, mostTraps }), log, answers, deaths: 0,
    deliver: (from, message, status = SENDREC) => {
      w.harness.post(from, message, status);
      w.harness.run();
      if (w.harness.ended !== "killed") return;
      w.deaths++;
      w.harness = new ServiceHarness(image, { ...options, initType: SEF_INIT_RESTART, oldEndpoint: OLD, predecessor: w.harness });
    },
  };
  return w;
}

const OLD = 77_777 as Endpoint;
const startInit = (w: World) => {
  const before = w.answers.length;
  w.deliver(PM, encodeRequest(schedContract.base, schedContract.calls.start, { process: INIT, quantum: 999, parent: INIT, maxPriority: 3 }));
  return w.answers[before] === undefined ? null : { ok: w.answers[before][1] === 0, value: { scheduler: SCHED } };
};
const noQuantum = (w: World, who: Endpoint) => {
  const before = w.answers.length;
  w.deliver(who, newMessage(SCHEDULING_NO_QUANTUM), SEND | STATUS_FROM_KERNEL);
  return w.answers.slice(before);
};

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

it("[R10] has scheduled everyone as an undisturbed SCHED would, wherever it is killed, and answers each order once", () => {
  const orders = (w: World): void => {
    startInit(w);
    const inherit = (process: Endpoint) => encodeRequest(schedContract.base, schedContract.calls.inherit, { process, parent: INIT, maxPriority: 7 });
    noQuantum(w, INIT);
    w.deliver(PM, inherit(CHILD));
    noQuantum(w, CHILD);
    w.deliver(PM, encodeRequest(schedContract.base, schedContract.calls.stop, { process: CHILD }));
    w.deliver(PM, inherit(OTHER));
    w.deliver(RS, encodeRequest(schedContract.base, schedContract.calls.setNice, { process: OTHER, maxPriority: 12 }), SENDA);
    w.deliver(PM, encodeRequest(schedContract.base, schedContract.calls.stop, { process: CHILD })); // it is gone
  };
  const run = (mostTraps?: number) => {
    const w = world(1, -2, mostTraps);
    orders(w);
    const scheduled = new Map(w.log.map((line) => [line.split(" ").slice(0, 1).join(), line]));
    return { traps: w.harness.traps, deaths: w.deaths, outcome: { answers: w.answers, scheduled: [...scheduled.values()].sort(), released: w.harness.released } };
  };
  const undisturbed = run();
  expect(undisturbed.outcome.answers.map(([to, type]) => [to, type])).toEqual([[PM, 0], [PM, 0], [PM, 0], [PM, 0], [RS, 0], [PM, errorCode("EBADEPT")]]);
  for (let kill = world().harness.traps; kill < undisturbed.traps; kill++) {
    const { deaths, outcome } = run(kill);
    expect({ kill, deaths, outcome }).toEqual({ kill, deaths: 1, outcome: undisturbed.outcome });
  }
});
