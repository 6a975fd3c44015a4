import { blockContract } from "@procyon-os/contract-block";
import { ioctlArgument } from "@procyon-os/contract-char";
import { CPF_READ, CPF_WRITE } from "@procyon-os/contract-kernel";
import { majorOf, minorOf } from "@procyon-os/contract-vfs";
import { encodeRequest, errorCode, fail, failCode, ok, type Message, type Result } from "@procyon-os/message";
import { driverOf, LOST, waitForDriver, type Lost } from "./driver-line.ts";
import { lendUser } from "./loans.ts";
import { tell } from "./vfs.ts";
import { giveBack, once, waitFor, type Job, type Work } from "./work.ts";

const TRIES = 10;
const ERESTART = errorCode("ERESTART");

/** Sends a request to a block driver, again where the driver died under it, and gives its status. */
function* askBlock(job: Job, device: number, make: (id: number) => Message): Work<Result<number>> {
  if (driverOf(job, device) === null) return fail("ENXIO");
  for (let tries = 0; tries < TRIES; tries++) {
    const entry = driverOf(job, device);
    if (entry === null) {
      if (!(yield* waitForDriver(job, majorOf(device)))) return fail("EIO");
      continue;
    }
    const id = once(job, () => {
      const next = job.vfs.state.nextBlockId++;
      tell(entry.endpoint, make(next));
      return next;
    });
    const status = yield* waitFor<number | Lost>(job, `block/${entry.endpoint}/${id}`);
    if (status !== LOST) return status < 0 ? failCode(status) : ok(status);
  }
  return fail("EIO");
}

/** Opens a block device. */
export function* openBlock(job: Job, device: number, access: number): Work<Result<number>> {
  return yield* askBlock(job, device, (id) => encodeRequest(blockContract.base, blockContract.calls.open, { minor: minorOf(device), access, id }));
}

/** Closes a block device. */
export function* closeBlock(job: Job, device: number): Work<void> {
  yield* askBlock(job, device, (id) => encodeRequest(blockContract.base, blockContract.calls.close, { minor: minorOf(device), id }));
}

/** An ioctl of a block device, for the job's process. */
export function* blockIoctl(job: Job, device: number, request: number, address: number): Work<Result<number>> {
  const entry = driverOf(job, device);
  if (entry === null || job.process === null) return fail("ENXIO");
  const { bytes, driverReads, driverWrites } = ioctlArgument(request);
  const access = (driverReads ? CPF_READ : 0) | (driverWrites ? CPF_WRITE : 0) || CPF_READ;
  const loan = yield* lendUser(job, entry.endpoint, job.process.endpoint, address, bytes, access);
  const make = (id: number): Message =>
    encodeRequest(blockContract.base, blockContract.calls.ioctl, { minor: minorOf(device), request, grant: loan.grant, flags: 0, id });
  let status = yield* askBlock(job, device, make);
  if (!status.ok && errorCode(status.error) === ERESTART) {
    yield* openBlock(job, device, 4);
    status = yield* askBlock(job, device, make);
  }
  yield* giveBack(job, loan);
  return status;
}
