import { endpoint, grantId, i32, m2, messageType, newMessage, u32, type Endpoint, type GrantId, type Message } from "@procyon-os/message";
import * as c from "./char-contract.ts";

// Places of the replies: REP_ENDPT m2_i1, REP_STATUS m2_i2, REP_IO_GRANT m2_i3; DEV_MINOR m2_i1, DEV_SEL_OPS m2_i2.
const user = m2.i1(endpoint);
const status = m2.i2(i32);
const grant = m2.i3(grantId);
const minor = m2.i1(u32);
const operations = m2.i2(i32);
const filp = m2.i1(i32);

/** What a character driver tells VFS, in either style. */
export type CharReply =
  | { readonly kind: "task"; readonly user: Endpoint; readonly status: number } // TASK_REPLY, synchronous style
  | { readonly kind: "revive"; readonly user: Endpoint; readonly status: number; readonly grant: GrantId }
  | { readonly kind: "ioReady"; readonly minor: number; readonly operations: number }
  | { readonly kind: "noStatus" }
  | { readonly kind: "open"; readonly user: Endpoint; readonly status: number }
  | { readonly kind: "close"; readonly user: Endpoint; readonly status: number }
  | { readonly kind: "reopen"; readonly filp: number; readonly status: number }
  | { readonly kind: "select1"; readonly minor: number; readonly operations: number } // ready operations, or a negative error
  | { readonly kind: "select2"; readonly minor: number; readonly operations: number };

const types = {
  task: c.TASK_REPLY, revive: c.DEV_REVIVE, ioReady: c.DEV_IO_READY, noStatus: c.DEV_NO_STATUS, open: c.DEV_OPEN_REPL, close: c.DEV_CLOSE_REPL,
  reopen: c.DEV_REOPEN_REPL, select1: c.DEV_SEL_REPL1, select2: c.DEV_SEL_REPL2,
} as const satisfies { [Kind in CharReply["kind"]]: number };

const kinds = new Map<number, CharReply["kind"]>(Object.entries(types).map(([kind, type]) => [type, kind as CharReply["kind"]]));

/** A reply as a message. */
export function encodeCharReply(reply: CharReply): Message {
  const message = newMessage(types[reply.kind]);
  if ("user" in reply) user.write(message, reply.user);
  if ("filp" in reply) filp.write(message, reply.filp);
  if ("minor" in reply) minor.write(message, reply.minor);
  if ("status" in reply) status.write(message, reply.status);
  if ("operations" in reply) operations.write(message, reply.operations);
  if ("grant" in reply) grant.write(message, reply.grant);
  return message;
}

/** What a message of a character driver says, or null where it is no reply. */
export function decodeCharReply(message: Message): CharReply | null {
  const kind = kinds.get(messageType(message));
  switch (kind) {
    case undefined:
      return null;
    case "noStatus":
      return { kind };
    case "revive":
      return { kind, user: user.read(message), status: status.read(message), grant: grant.read(message) };
    case "reopen":
      return { kind, filp: filp.read(message), status: status.read(message) };
    case "ioReady": case "select1": case "select2":
      return { kind, minor: minor.read(message), operations: operations.read(message) };
    case "task": case "open": case "close":
      return { kind, user: user.read(message), status: status.read(message) };
  }
}
