import { charContract } from "@procyon-os/contract-char";
import { isBlockRequest, processBlockMessage, processCharMessage } from "@procyon-os/driver";
import { ok, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { panic } from "@procyon-os/syslib";
import { charDevices } from "./char-devices.ts";
import { freshMemory, memoryState, type MemoryState } from "./memory-state.ts";
import { ramDisks, takeOverDisks } from "./ram-disks.ts";

function* start(): Program<Result<MemoryState>> {
  return ok(freshMemory());
}

/** Null and zero need no state: without one the driver starts anew, with empty RAM disks. */
function* goOn(info: InitInfo, saved: MemoryState | null): Program<Result<MemoryState>> {
  return saved === null ? yield* start() : yield* takeOverDisks(saved, info.oldEndpoint);
}

/** MEM: null, zero and mem, and RAM disks, in one process that speaks both driver protocols (reference/posix-abi.md 6.8). */
export function* main(): Program<never> {
  const state = yield* sefStartup(memoryState, { initFresh: start, initRestart: goOn, initLu: goOn });
  for (;;) {
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`memory: receive failed: ${received.result}`);
    if (isBlockRequest(received.message)) yield* processBlockMessage(ramDisks, state, received);
    else yield* processCharMessage(charDevices, state, "sync", received);
  }
}

/** The driver as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/memory", version: "0.1.0", dataBytes: 128 * 1024, stackBytes: 16 * 1024, contract: charContract, state: memoryState, main };
