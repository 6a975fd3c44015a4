import { newMessage, type Program } from "@procyon-os/message";
import { asynsend } from "@procyon-os/syslib";
import type { Service } from "./service.ts";

/** Tells whoever waits for this service how it ended; 0 or a negative error. */
export function* answerWaiter(service: Service, result: number): Program<void> {
  const { waiter } = service;
  if (waiter === null) return;
  service.waiter = null;
  yield* asynsend(waiter.endpoint, newMessage(result));
}
