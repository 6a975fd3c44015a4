import { MIOCRAMSIZE } from "@procyon-os/contract-block";
import { CPF_READ, SEG_D } from "@procyon-os/contract-kernel";
import type { BlockDriver, BlockTransfer } from "@procyon-os/driver";
import { errorCode, fail, ok, type Endpoint, type GrantId, type Program, type Result, type VirtAddr } from "@procyon-os/message";
import { changed } from "@procyon-os/sef";
import { grantDirect, kernel, mapMemory, readGrant, revoke, vm, whoami } from "@procyon-os/syslib";
import { moveMemory } from "./char-devices.ts";
import { diskOfMinor, isRamMinor, mappedBytes, type MemoryState, type RamDisk } from "./memory-state.ts";

const SECTOR_BYTES = 512;
const HEADS = 64;
const SECTORS = 32;

function* transfer(state: MemoryState, request: BlockTransfer): Program<number> {
  const disk = diskOfMinor(state, request.minor);
  if (disk === null) return errorCode("ENXIO");
  if (disk.address === 0) return errorCode("EIO");
  let moved = 0;
  for (const { grant, bytes } of request.elements) {
    const length = Math.min(bytes, disk.size - request.position - moved);
    if (length <= 0) break; // the end of the device
    const result = yield* moveMemory(request.write, { endpoint: request.endpoint, grant }, 0, disk.address + request.position + moved, length);
    if (result !== 0) return result;
    moved += length;
  }
  return moved;
}

/** Lets the successor, which will have this instance's endpoint, read a disk. */
function* grantDisk({ address, size }: RamDisk): Program<GrantId> {
  const { endpoint } = yield* whoami();
  return yield* grantDirect(endpoint, address, mappedBytes(size), CPF_READ);
}

/**
 * Takes the disks over from the instance before, which is dead or about to go: whole pages, so that the two share them until
 * one of them writes. Nothing else is in flight that could write to them.
 */
export function* takeOverDisks(state: MemoryState, from: Endpoint): Program<Result<MemoryState>> {
  for (const disk of state.disks) {
    disk.opens = 0; // whoever has it open opens it again
    if (disk.address === 0) continue;
    const address = yield* mapMemory(disk.size);
    if (address === null) return fail("ENOMEM");
    const bytes = mappedBytes(disk.size);
    const copied = yield* kernel.safecopyfrom({ process: from, segment: SEG_D, grant: disk.grant, offset: 0, address, bytes });
    if (!copied.ok) return fail("EFAULT");
    disk.address = address;
    disk.grant = yield* grantDisk(disk);
  }
  return ok(state);
}

/** MIOCRAMSIZE: a new, empty RAM disk of a size; only its one opener may ask. */
function* setSize(state: MemoryState, minor: number, endpoint: Endpoint, grant: GrantId): Program<number> {
  const disk = diskOfMinor(state, minor);
  if (disk === null) return errorCode("ENXIO");
  if (!isRamMinor(minor)) return errorCode("EINVAL");
  const argument = yield* readGrant(endpoint, grant, 0, 4);
  if (!argument.ok) return errorCode(argument.error);
  const size = new DataView(argument.value.buffer, argument.value.byteOffset, 4).getUint32(0, true);
  if (disk.address !== 0 && disk.size === size) return 0;
  if (disk.opens !== 1) return errorCode("EBUSY");
  const address = size === 0 ? (0 as VirtAddr) : yield* mapMemory(size);
  if (address === null) return errorCode("ENOMEM");
  if (disk.address !== 0) {
    yield* revoke(disk.grant);
    yield* vm.munmap({ address: disk.address as VirtAddr, length: disk.size });
  }
  disk.address = address;
  disk.size = size;
  disk.grant = address === 0 ? (-1 as GrantId) : yield* grantDisk(disk);
  changed("disks", minor);
  return 0;
}

/** The block devices: RAM disks, of size zero until MIOCRAMSIZE. */
export const ramDisks: BlockDriver<MemoryState> = {
  *open(state, minor) {
    const disk = diskOfMinor(state, minor);
    if (disk === null) return errorCode("ENXIO");
    disk.opens++;
    changed("disks", minor);
    return 0;
  },
  *close(state, minor) {
    const disk = diskOfMinor(state, minor);
    if (disk === null) return errorCode("ENXIO");
    if (disk.opens === 0) return errorCode("EINVAL");
    disk.opens--;
    changed("disks", minor);
    return 0;
  },
  transfer,
  partition: (state, minor) => {
    const disk = diskOfMinor(state, minor);
    return disk === null ? null : { base: 0, size: disk.size, cylinders: Math.floor(disk.size / SECTOR_BYTES / (HEADS * SECTORS)), heads: HEADS, sectors: SECTORS };
  },
  *ioctl(state, minor, request, endpoint, grant) {
    return request === MIOCRAMSIZE ? yield* setSize(state, minor, endpoint, grant) : errorCode("EINVAL");
  },
};
