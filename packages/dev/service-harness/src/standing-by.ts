import { GET_WHOAMI, LU_SYS_PROC, SYS_STATE_PREDECESSOR } from "@procyon-os/contract-kernel";
import { fail, ok, type Endpoint } from "@procyon-os/message";
import { defaultKernelCalls, type KernelScript } from "./kernel-script.ts";

/**
 * A kernel for a new version that gets ready while another instance serves.
 * @param running that one, or null where nobody says who it is. It is there before and after the two change places, and so is the new version
 *   before.
 */
export const standingBy = (running: Endpoint | null): KernelScript => ({
  getinfo: (harness, asked) => asked.what === GET_WHOAMI
    ? ok({ endpoint: running ?? harness.endpoint, privilegeFlags: 0x10 | LU_SYS_PROC, name: "version" })
    : (defaultKernelCalls.getinfo as NonNullable<KernelScript["getinfo"]>)(harness, asked),
  statectl: (harness, asked) => {
    if (asked.request !== SYS_STATE_PREDECESSOR) return (defaultKernelCalls.statectl as NonNullable<KernelScript["statectl"]>)(harness, asked);
    if (running === null) return fail("ESRCH");
    harness.memory.set(new Uint8Array(Int32Array.of(running).buffer), asked.address);
    return ok({});
  },
});
