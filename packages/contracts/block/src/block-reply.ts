import { messageType, newMessage, type Message } from "@procyon-os/message";
import { BDEV_REPLY, blockContract } from "./block-contract.ts";

const { status: statusField, id: idField } = blockContract.calls.open.reply;

/** A reply: the status (bytes moved, 0, or a negative error) and the id of its request. */
export function blockReply(status: number, id: number): Message {
  const message = newMessage(BDEV_REPLY);
  statusField.write(message, status);
  idField.write(message, id);
  return message;
}

/** The status and id of a reply, or null where the message is none. */
export function readBlockReply(message: Message): { readonly status: number; readonly id: number } | null {
  if (messageType(message) !== BDEV_REPLY) return null;
  return { status: statusField.read(message), id: idField.read(message) };
}
