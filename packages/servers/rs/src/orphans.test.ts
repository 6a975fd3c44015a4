import { GET_PROCTAB, processSlot, PROCESS_BYTES, RTS_NO_PRIV, RTS_SLOT_FREE } from "@procyon-os/contract-kernel";
import { pmContract } from "@procyon-os/contract-pm";
import { decodeRequest, encodeReply, messageType, NONE, NR_PROCS, NR_TASKS, ok, type Endpoint, type Message, type Program } from "@procyon-os/message";
import { defaultKernelCalls, ServiceHarness, type KernelScript } from "@procyon-os/service-harness";
import { receive } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { buryOrphans, noteMade } from "./orphans.ts";
import { newState } from "./rs-state.ts";

const [FOUND, OWN, RUNNING] = [100, 101, 102] as [Endpoint, Endpoint, Endpoint];
const pidOf = (endpoint: Endpoint): number => endpoint - 50;

function table(): Uint8Array {
  const bytes = new Uint8Array((NR_TASKS + NR_PROCS) * PROCESS_BYTES);
  for (let slot = 0; slot < NR_TASKS + NR_PROCS; slot++) {
    const endpoint = 95 + slot;
    const rtsFlags = endpoint === RUNNING ? 0 : endpoint === FOUND || endpoint === OWN ? RTS_NO_PRIV : RTS_SLOT_FREE;
    bytes.set(processSlot.encode({ rtsFlags, endpoint: endpoint as Endpoint }), slot * PROCESS_BYTES);
  }
  return bytes;
}
const kernel: KernelScript = {
  getinfo: (harness, asked) => {
    if (asked.what !== GET_PROCTAB) return (defaultKernelCalls.getinfo as NonNullable<KernelScript["getinfo"]>)(harness, asked);
    harness.memory.set(table(), asked.address);
    return ok({ endpoint: NONE, privilegeFlags: 0, name: "" });
  },
};

it("an RS that follows ends the held processes that the one before had made, and not those that it has just made itself", () => {
  const killed: number[] = [];
  /** What PM answers to a request of a task. */
  const answer = (request: Message): Message => {
    const { calls, base } = pmContract;
    if (messageType(request) === base + calls.getEpInfo.number) {
      noteMade(pidOf(OWN)); // the answer to this one's own fork comes before
      return encodeReply(calls.getEpInfo, ok({ pid: pidOf(decodeRequest(calls.getEpInfo, request).endpoint), uid: 0, gid: 0 }));
    }
    killed.push(decodeRequest(calls.srvKill, request).pid);
    return encodeReply(calls.srvKill, ok({}));
  };
  function* main(): Program<never> {
    const program = buryOrphans(newState());
    for (let step = program.next(); step.done !== true; ) {
      const frame = step.value;
      if (frame.vector < 0 && frame.message !== null && frame.eax === 0) {
        frame.message = answer(frame.message);
        step = program.next(frame);
      } else {
        step = program.next(yield frame);
      }
    }
    for (;;) yield* receive(NONE);
  }
  const harness = new ServiceHarness({ name: "rs", version: "1.0.0", dataBytes: 1024 * 1024, stackBytes: 4096, main }, { kernel, memoryBytes: 2 * 1024 * 1024 });
  expect(harness.ended).toBeNull();
  expect(killed).toEqual([pidOf(FOUND)]);
});
