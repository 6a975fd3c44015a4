import { MESSAGE_WORDS } from "@procyon-os/message";
import { array, int32, struct, uint32, type StructValue } from "./struct.ts";

/**
 * What STATECTL's SYS_STATE_NOTED tells of an instance: how many messages its noted RECEIVEs got, the last of them with its
 * status word, how many entries of its asynchronous tables have ended, and how many are held that have not.
 */
export const leftBehind = struct("left behind", 16 + MESSAGE_WORDS * 4, {
  received: [0, uint32], status: [4, uint32], asynDone: [8, uint32], held: [12, uint32], message: [16, array(MESSAGE_WORDS, int32)],
});
export type LeftBehind = StructValue<typeof leftBehind>;
