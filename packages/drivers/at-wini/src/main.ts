import { blockContract, DIOCFLUSH, DIOCOPENCT } from "@procyon-os/contract-block";
import { announceDriver, blockDriverTask, setOpenMinor, type BlockDriver, type BlockTransfer } from "@procyon-os/driver";
import { errorCode, ok, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { sefStartup, type InitInfo } from "@procyon-os/sef";
import { writeGrant } from "@procyon-os/syslib";
import { atWiniState, driveOfMinor, extentOfMinor, findMinor, freshState, partitionOfMinor, type AtWiniState } from "./at-wini-state.ts";
import { isAtRest, simpleCommand, startController } from "./controller.ts";
import { identifyDrive } from "./identify.ts";
import { readPartitions } from "./partition-table.ts";
import { piecesOf, SECTOR_BYTES, transferSectors } from "./transfer.ts";

const FLUSH_CACHE = 0xe7;

function* open(state: AtWiniState, minor: number): Program<number> {
  const unit = driveOfMinor(minor);
  if (unit < 0) return errorCode("ENXIO");
  state.drives[unit] ??= yield* identifyDrive(unit);
  const drive = state.drives[unit];
  if (drive === "none" || drive === null || drive === undefined) return errorCode("ENXIO");
  if (drive.opens === 0) yield* readPartitions(drive, unit);
  if (extentOfMinor(drive, minor).size === 0) return errorCode("ENXIO");
  drive.opens++;
  state.opened.add(minor);
  return 0;
}

function* close(state: AtWiniState, minor: number): Program<number> {
  const found = findMinor(state, minor);
  if (found === null) return errorCode("ENXIO");
  if (found.drive.opens > 0) found.drive.opens--;
  return 0;
}

function* transfer(state: AtWiniState, request: BlockTransfer): Program<number> {
  const found = findMinor(state, request.minor);
  if (found === null) return errorCode("ENXIO");
  const { drive, unit, extent } = found;
  const asked = request.elements.reduce((sum, { bytes }) => sum + bytes, 0);
  // A word that lies in two buffers cannot be moved.
  const whole = asked % SECTOR_BYTES === 0 && request.position % SECTOR_BYTES === 0 && request.elements.every(({ bytes }) => bytes % 2 === 0);
  if (!whole) return errorCode("EINVAL");
  const total = Math.max(0, Math.min(asked, extent.size - request.position));
  if (total === 0) return 0; // the end of the device
  const sector = (extent.base + request.position) / SECTOR_BYTES;
  const result = yield* transferSectors(drive, unit, request.write, sector, piecesOf(request.endpoint, request.elements, total));
  return result === 0 ? total : result;
}

const driver: BlockDriver<AtWiniState> = {
  open,
  close,
  transfer,
  partition: partitionOfMinor,
  setPartition: (state, minor, partition) => {
    const found = findMinor(state, minor);
    if (found !== null) Object.assign(found.extent, { base: partition.base, size: partition.size });
  },
  *ioctl(state, minor, request, endpoint, grant) {
    const found = findMinor(state, minor);
    if (found === null) return errorCode("ENXIO");
    if (request === DIOCFLUSH) return (yield* simpleCommand(found.unit, FLUSH_CACHE)) === "ok" ? 0 : errorCode("EIO");
    if (request !== DIOCOPENCT) return errorCode("EINVAL");
    const copied = yield* writeGrant(endpoint, grant, 0, new Uint8Array(Int32Array.of(found.drive.opens).buffer));
    return copied.ok ? 0 : errorCode(copied.error);
  },
};

/** A start is a fresh one: the disk tells what there is to know, and clients open their devices again. */
function* initialize(): Program<Result<AtWiniState>> {
  yield* startController();
  yield* announceDriver("blk");
  return ok(freshState());
}

/** A new version goes on where the one before was: its clients need not open again. Where the controller is not at rest it starts afresh. */
function* goOn(_info: InitInfo, saved: AtWiniState | null): Program<Result<AtWiniState>> {
  if (saved === null || !(yield* isAtRest())) return yield* initialize();
  yield* startController();
  for (const minor of saved.opened) setOpenMinor(minor);
  return ok(saved);
}

/** at_wini: the disk driver. */
export function* main(): Program<never> {
  const state = yield* sefStartup(atWiniState, { initFresh: initialize, initRestart: initialize, initLu: goOn });
  return yield* blockDriverTask(driver, state);
}

/** The driver as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/at-wini", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 16 * 1024, contract: blockContract, state: atWiniState, main };
