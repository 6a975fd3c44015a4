import { SEG_D } from "@procyon-os/contract-kernel";
import type { CharDriver, CharTransfer } from "@procyon-os/driver";
import { errorCode, instanceLocal, SELF, type PhysAddr, type Program, type VirtAddr } from "@procyon-os/message";
import { allocate, kernel, vm } from "@procyon-os/syslib";
import { isCharMinor, KMEM_MINOR, MEM_MINOR, NULL_MINOR, ZERO_MINOR, type MemoryState } from "./memory-state.ts";

const PAGE = 4096;
const ZERO_BYTES = 32 * 1024;
const MEMORY_END = 0xffff_ffff;

const zeros = instanceLocal<{ address: VirtAddr | null }>("zeros", () => ({ address: null }));

/** Moves bytes between a grant and memory of the driver: 0, or a negative error. */
export function* moveMemory(write: boolean, transfer: Pick<CharTransfer, "endpoint" | "grant">, offset: number, address: number, bytes: number): Program<number> {
  const request = { process: transfer.endpoint, segment: SEG_D, grant: transfer.grant, offset, address: address as VirtAddr, bytes };
  const copied = write ? yield* kernel.safecopyfrom(request) : yield* kernel.safecopyto(request);
  return copied.ok ? 0 : errorCode(copied.error);
}

/** /dev/zero: a buffer of zeros, as often as needed. The buffer is fresh memory, which VM gives zeroed. */
function* readZeros(transfer: CharTransfer): Program<number> {
  const buffer = zeros();
  buffer.address ??= yield* allocate(ZERO_BYTES);
  for (let done = 0; done < transfer.count; done += ZERO_BYTES) {
    const result = yield* moveMemory(false, transfer, done, buffer.address, Math.min(ZERO_BYTES, transfer.count - done));
    if (result !== 0) return result;
  }
  return transfer.count;
}

/** /dev/mem: physical memory, mapped page by page. */
function* movePhysical(write: boolean, transfer: CharTransfer): Program<number> {
  const total = Math.max(0, Math.min(transfer.count, MEMORY_END - transfer.position));
  for (let done = 0; done < total; ) {
    const physical = transfer.position + done;
    const inPage = physical % PAGE;
    const bytes = Math.min(PAGE - inPage, total - done);
    const mapped = yield* vm.mapPhys({ process: SELF, physical: (physical - inPage) as PhysAddr, length: PAGE });
    if (!mapped.ok) return done > 0 ? done : errorCode(mapped.error);
    const result = yield* moveMemory(write, transfer, done, mapped.value.address + inPage, bytes);
    yield* vm.unmapPhys({ process: SELF, address: mapped.value.address });
    if (result !== 0) return result;
    done += bytes;
  }
  return total;
}

function* move(write: boolean, transfer: CharTransfer): Program<number> {
  switch (transfer.minor) {
    case NULL_MINOR: return write ? transfer.count : 0;
    case ZERO_MINOR: return write ? transfer.count : yield* readZeros(transfer);
    case MEM_MINOR: return yield* movePhysical(write, transfer);
    case KMEM_MINOR: return errorCode("EIO"); // as in MINIX 3.2.0: not initialized
    default: return errorCode("ENXIO");
  }
}

/** The character devices: mem, kmem, null, zero. */
export const charDevices: CharDriver<MemoryState> = {
  keepsOpen: true,
  *open(_state, { minor, user }) {
    if (!isCharMinor(minor)) return errorCode("ENXIO");
    if (minor !== MEM_MINOR) return 0;
    const enabled = yield* kernel.iopenable({ process: user });
    return enabled.ok ? 0 : errorCode(enabled.error);
  },
  *close(_state, { minor }) {
    return isCharMinor(minor) ? 0 : errorCode("ENXIO");
  },
  read: (_state, transfer) => move(false, transfer),
  write: (_state, transfer) => move(true, transfer),
};
