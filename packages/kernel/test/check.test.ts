import { RTS_SENDING } from "@procyon-os/contract-kernel";
import { MEM, PM, RECEIVE, RS, SEND, VFS, newMessage, type Endpoint } from "@procyon-os/message";
import { expect, it } from "vitest";
import { TMR_NEVER } from "../src/clock/timers.ts";
import type { Kernel } from "../src/kernel.ts";
import { hostedModule, ipc, sys } from "../src/testing/machine.ts";
import { paged } from "../src/testing/paged.ts";
import { wait } from "../src/testing/scene.ts";

const GONE = 4711 as Endpoint;

/** A machine at rest: PM waits, VFS and MEM send to it and stand in its queue, RS has an alarm. */
function atRest(): Kernel {
  const sender = (slot: number) => hostedModule(slot, "sender", () => ipc(SEND, PM, newMessage(1)));
  const { test } = paged([hostedModule(PM, "pm", () => ipc(RECEIVE, RS)), sender(VFS), sender(MEM)], (vm) => vm.move(PM), function* () {
    yield* sys("setalarm", { expiresAt: 1000 as never, absolute: false });
  });
  test.kernel.check();
  return test.kernel;
}

/** One thing that is wrong with each table. */
const mistakes: readonly (readonly [what: string, report: RegExp, make: (kernel: Kernel) => void])[] = [
  ["a process that is queued and not runnable", /pm is runnable and not queued/, ({ processes }) => (processes.at(PM).rts = 0)],
  ["a run queue without its mask", /queue 3 of CPU 0: mask is wrong/, ({ cpus }) => (cpus[0]!.queueMask |= 1 << 3)],
  ["a sender that no queue holds", /sender is not on the caller queue of pm/, ({ processes }) => (processes.at(PM).callerQueue = processes.at(MEM))],
  ["a queue that holds who does not send", /sender (is on the caller queue of pm|has a queue link)/, ({ processes }) => (processes.at(VFS).rts ^= RTS_SENDING | 0x8)],
  ["a sender whose target is gone", /sender (sends to 4711, which is gone|is on the caller queue of pm)/, ({ processes }) => (processes.at(VFS).sendTo = GONE)],
  ["a receiver whose partner is gone", /pm waits for 4711, which is gone/, ({ processes }) => (processes.at(PM).getFrom = GONE)],
  ["a receiver that has its message", /pm has a message and waits for one/, ({ processes }) => (processes.at(PM).misc |= 0x40)],
  ["an endpoint of another slot", /pm in slot 0 has endpoint 12/, ({ processes }) => (processes.at(PM).endpoint = 12 as Endpoint)],
  ["a CPU that is not there", /pm belongs to CPU 4/, ({ processes }) => (processes.at(PM).cpu = 4)],
  ["a free slot that is about to run", /CPU 0 is about to run a free slot/, ({ cpus, processes }) => (cpus[0]!.current = processes.at(200))],
  ["a page table that is nobody's", /CPU 0 has a page table loaded that is nobody's/, ({ cpus, processes }) => (cpus[0]!.pageTableOwner = processes.at(200))],
  ["a request that VM's list has lost", /pm is lost from VM's list/, ({ processes }) => (processes.at(PM).vmRequest.queued = true)],
  ["a request in VM's list that is none", /VM's list holds pm wrongly/, (kernel) => (kernel.vmRequests = kernel.processes.at(PM))],
  ["privileges of two processes", /privileges 5 belong to sender, which has others/, ({ privileges, processes }) => (privileges.at(5).owner = processes.at(VFS))],
  ["a notification of nobody", /pm has something to hear of privileges 60, which are nobody's/, ({ processes }) => processes.at(PM).privileges!.notifyPending.add(60)],
  ["an asynchronous message of nobody", /pm has something to hear of privileges 60/, ({ processes }) => processes.at(PM).privileges!.asynPending.add(60)],
  ["a timer that is not set", /a timer stands at 2147483647/, ({ clock }) => (clock.timers.pending[0]!.expiresAt = TMR_NEVER)],
  ["an alarm of nobody", /the alarm of privileges 9 is another's/, ({ clock }) => clock.timers.set({ action: { kind: "alarm", privilegeId: 9 }, expiresAt: TMR_NEVER }, 5)],
  ["a watchdog of nobody", /the watchdog of privileges 9 is another's/, ({ clock }) => clock.timers.set({ action: { kind: "watchdog", privilegeId: 9 }, expiresAt: TMR_NEVER }, 5)],
  ["a hook of nobody", /a hook of line 3 belongs to 4711, which is gone/, ({ interrupts }) => (interrupts.hooks as object[]).push({ owner: GONE, line: 3, bit: 1, notifyId: 0, policy: 0 })],
  ["a map of nobody", /memory of 0 is mapped for 4711: one of them is gone/, ({ safemaps }) =>
    safemaps.ask({ granter: PM, grantee: GONE, granterAddress: 0, granterLinear: 0, segment: 0, granteeAddress: 0, granteeLinear: 0, bytes: 4096 }, [])],
];

it.each(mistakes)("[K33] the check of all tables finds %s", (_what, report, make) => {
  const kernel = atRest();
  make(kernel);
  expect(() => kernel.check()).toThrow(report);
});

it.each([true, false])("[K33] checks all tables after each trap where that is asked for: %s", (checkAlways) => {
  const spoilAndMend = (): unknown => paged([hostedModule(PM, "pm", () => ipc(RECEIVE, RS))], (vm) => vm.move(PM), function* (vm) {
    yield* wait(2); // PM receives by then
    const pm = vm.kernel().processes.at(PM);
    const { getFrom } = pm;
    pm.getFrom = GONE;
    yield* sys("times", { process: PM });
    pm.getFrom = getFrom;
  }, { debug: { checkAlways } });
  if (checkAlways) expect(spoilAndMend).toThrow("kernel check: pm waits for 4711, which is gone");
  else expect(spoilAndMend).not.toThrow();
});
