import { errorCode, errorName, getShort, messageType, newMessage, setShort, type ErrorName, type Message } from "@procyon-os/message";
import { EENTERMOUNT, ELEAVEMOUNT, ESYMLINK } from "./numbers.ts";

/** What LOOKUP answers: an inode, or where the walk goes on. */
export type LookupReply =
  | { readonly kind: "found"; readonly inode: number; readonly mode: number; readonly fileSize: number; readonly device: number; readonly uid: number; readonly gid: number }
  | { readonly kind: "enterMount"; readonly inode: number; readonly offset: number; readonly links: number }
  | { readonly kind: "leaveMount"; readonly offset: number; readonly links: number }
  | { readonly kind: "symlink"; readonly offset: number; readonly links: number }
  | { readonly kind: "error"; readonly error: ErrorName };

// m9 places: inode l1, size l2 (high) and l3, device l4; gid s1, mode or offset s2, links s3, uid s4.
const [INODE, SIZE_HIGH, SIZE, DEVICE] = [2, 3, 4, 5] as const;
const [GID, MODE_OR_OFFSET, LINKS, UID] = [28, 30, 32, 34] as const;
const half = (message: Message, offset: number): number => getShort(message, offset) & 0xffff;

/** The answer in a reply whose m_type has been reduced to the result (no transaction). */
export function decodeLookupReply(message: Message): LookupReply {
  const result = messageType(message);
  const onWay = { offset: half(message, MODE_OR_OFFSET), links: half(message, LINKS) };
  const inode = (message[INODE] as number) >>> 0;
  if (result === EENTERMOUNT) return { kind: "enterMount", inode, ...onWay };
  if (result === ELEAVEMOUNT) return { kind: "leaveMount", ...onWay };
  if (result === ESYMLINK) return { kind: "symlink", ...onWay };
  if (result !== 0) return { kind: "error", error: errorName(result) ?? "EGENERIC" };
  return {
    kind: "found", inode,
    fileSize: (message[SIZE] as number) >>> 0, device: (message[DEVICE] as number) >>> 0,
    mode: half(message, MODE_OR_OFFSET), uid: half(message, UID), gid: half(message, GID),
  };
}

const resultOf = { found: 0, enterMount: EENTERMOUNT, leaveMount: ELEAVEMOUNT, symlink: ESYMLINK } as const;

/** The reply for an answer; m_type is the bare result. */
export function encodeLookupReply(reply: LookupReply): Message {
  if (reply.kind === "error") return newMessage(errorCode(reply.error));
  const message = newMessage(resultOf[reply.kind]);
  if ("inode" in reply) message[INODE] = reply.inode;
  if (reply.kind !== "found") {
    setShort(message, MODE_OR_OFFSET, reply.offset);
    setShort(message, LINKS, reply.links);
    return message;
  }
  message[SIZE_HIGH] = 0;
  message[SIZE] = reply.fileSize;
  message[DEVICE] = reply.device;
  setShort(message, MODE_OR_OFFSET, reply.mode);
  setShort(message, UID, reply.uid);
  setShort(message, GID, reply.gid);
  return message;
}
