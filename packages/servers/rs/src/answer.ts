import { newMessage } from "@procyon-os/message";
import { queueMessage } from "@procyon-os/sef";
import type { Service } from "./service.ts";

/** Tells whoever waits for this service how it ended; 0 or a negative error. */
export function answerWaiter(service: Service, result: number): void {
  const { waiter } = service;
  if (waiter === null) return;
  service.waiter = null;
  queueMessage(waiter.endpoint, newMessage(result), "senda-any");
}
