import { rsContract } from "@procyon-os/contract-rs";

const { base, calls } = rsContract;
/** m_type of the requests that make their sender wait for the end of something. */
export const RS_UP_CALL: number = base + calls.up.number;
export const RS_DOWN_CALL: number = base + calls.down.number;
export const RS_UPDATE_CALL: number = base + calls.update.number;
