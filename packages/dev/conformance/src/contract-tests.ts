import { RS_INIT } from "@procyon-os/contract-rs";
import { describeResult, errorName, messageType, newMessage, NOTIFY, RS, SENDA, SENDREC, SIGTERM, TTY, type Call, type Endpoint, type Protocol, type ServiceImage } from "@procyon-os/message";
import { SEF_DEBUG_DUMP } from "@procyon-os/sef";
import type { ServiceHarness } from "@procyon-os/service-harness";
import { describe, expect, it } from "vitest";
import { startAlone } from "./harness.ts";

const STRANGER = 77777 as Endpoint;
const SIGS_SIGNAL_RECEIVED = 0xe00;
const PM_ENDPOINT = 0 as Endpoint;

/** The service's answer to a message; null where it gives none. */
function answer(service: ServiceHarness, from: Endpoint, message: Int32Array): number | null {
  const sent = service.send(from, message).find(({ to, how }) => to === from && how !== SENDREC && how !== NOTIFY);
  return sent === undefined ? null : messageType(sent.message);
}

/** Payloads that no honest client sends. */
const payloads: readonly (readonly [string, number])[] = [["zeros", 0], ["ones", -1], ["large numbers", 0x7fffffff], ["the least number", -0x80000000]];

/** What follows from any contract, with nobody around: no input ends the service, and it answers with what its contract says. */
export function describeContract(contract: Protocol<any>, image: ServiceImage): void {
  describe("its contract", () => {
    const calls = contract.calls as { readonly [name: string]: Call };
    const cases = Object.keys(calls).flatMap((name) => payloads.map(([what, word]) => ({ name, what, word })));

    it("tells RS that it has initialized", () => {
      const first = startAlone(image).sent.find(({ to, message }) => to === RS && messageType(message) === RS_INIT);
      expect(first?.message[2]).toBe(0);
    });

    it.each(cases)("answers $name with $what as its contract says", ({ name, word }) => {
      const one = calls[name] as Call;
      for (const from of [TTY, STRANGER]) {
        const service = startAlone(image);
        const result = answer(service, from, newMessage(contract.base + one.number).fill(word, 2));
        expect(result, "there is an answer").not.toBeNull();
        if (result !== null && result < 0) expect(Object.keys(one.errors), describeResult(result)).toContain(errorName(result));
        expect(answer(service, TTY, newMessage(contract.base + one.number)), "it lives on").not.toBeNull();
      }
    });

    it("refuses numbers that no call has", () => {
      const service = startAlone(image);
      const known = Object.values(calls).map(({ number }) => number);
      const isSefs = (number: number): boolean => contract.base + number === SEF_DEBUG_DUMP; // answered before the service sees it
      for (const number of [Math.max(...known) + 1, 99, 0xfff].filter((one) => !known.includes(one) && !isSefs(one))) {
        expect(answer(service, TTY, newMessage(contract.base + number))).toBeLessThan(0);
      }
    });

    it("answers in the way in which it was asked: a client that sent asynchronously waits for nothing", () => {
      const service = startAlone(image);
      const [one] = Object.values(calls) as [Call];
      const sent = service.send(TTY, newMessage(contract.base + one.number), SENDA).filter(({ to }) => to === TTY);
      expect(sent.map(({ how }) => how)).toEqual([SENDA]);
    });

    it("answers RS's ping, and goes on after SIGTERM", () => {
      const service = startAlone(image);
      const pinged = (): boolean => service.notify(RS).some(({ to, how }) => to === RS && how === NOTIFY);
      expect(pinged()).toBe(true);
      const signal = newMessage(SIGS_SIGNAL_RECEIVED);
      signal[2] = SIGTERM;
      service.send(PM_ENDPOINT, signal);
      expect(pinged()).toBe(true);
    });
  });
}
