import { IRQ_REENABLE, IRQ_SETPOLICY } from "@procyon-os/contract-kernel";
import { encodeRsStart, RSS_SELF_LU, rsContract } from "@procyon-os/contract-rs";
import { inByte, outBytes } from "@procyon-os/driver";
import { HARDWARE, NONE, ok, resultCode, RS, type Program, type Result, type ServiceImage, type Ticks } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { allocate, client, free, isNotifyFrom, kernel, store, textBytes } from "@procyon-os/syslib";
import { OPERATOR_IRQ, OPERATOR_REQUEST, OPERATOR_RESULT, OPERATOR_STATUS } from "./operator-port.ts";

const rs = client(rsContract, RS);
const stateless = stateSpec<null>({ name: "operator", version: 1, saved: false });
const NEWLINE = 0x0a;

function* start(): Program<Result<null>> {
  const hooked = yield* kernel.irqctl({ request: IRQ_SETPOLICY, line: OPERATOR_IRQ, policy: IRQ_REENABLE, hook: OPERATOR_IRQ });
  return hooked.ok ? ok(null) : hooked;
}

/** Takes one request off the port; null where there is none. */
function* takeRequest(): Program<string[] | null> {
  if ((yield* inByte(OPERATOR_STATUS)) === 0) return null;
  let text = "";
  for (;;) {
    const byte = yield* inByte(OPERATOR_REQUEST);
    if (byte === NEWLINE) return text.split("\0").slice(0, -1);
    text += String.fromCharCode(byte);
  }
}

/** Asks RS to let a package take the place of a running service, with the settings that the service has. */
function* update(label: string, reference: string, luState: number, maxTime: number): Program<number> {
  const command = textBytes(`#!hosted ${reference}`);
  const name = textBytes(label);
  const area = yield* allocate(1024 + command.length + name.length);
  const texts = area + 1024;
  yield* store(texts, Uint8Array.from([...command, ...name]));
  yield* store(area, encodeRsStart({
    flags: RSS_SELF_LU, command: { address: texts, length: command.length }, uid: 0, signalManager: RS, scheduler: NONE, priority: 0, quantum: 0, major: 0,
    deviceStyle: 0, period: 0, script: { address: 0, length: 0 }, irqCount: 0, irqs: [], ioCount: 0, io: [], kernelCalls: [0, 0],
    label: { address: texts + command.length, length: name.length }, ipc: { address: 0, length: 0 }, vmCalls: [0, 0], control: [], cpu: -1,
  }));
  const done = yield* rs.update({ start: area, state: luState, maxTime: maxTime as Ticks });
  free(area);
  return resultCode(done.ok ? ok(0) : done);
}

/** Does what whoever runs the machine asks for: a process like any other, with a port for its input. */
function* main(): Program<never> {
  yield* sefStartup(stateless, { initFresh: start, initRestart: start });
  for (;;) {
    for (let request = yield* takeRequest(); request !== null; request = yield* takeRequest()) {
      const [label = "", reference = "", luState = "", maxTime = ""] = request;
      const result = yield* update(label, reference, Number(luState), Number(maxTime));
      yield* outBytes([0, 8, 16, 24].map((shift) => [OPERATOR_RESULT, (result >> shift) & 0xff] as const));
    }
    let received = yield* sefReceive();
    while (!isNotifyFrom(received, HARDWARE)) received = yield* sefReceive();
  }
}

/** The service that takes requests from the operator's port. */
export const operator: ServiceImage = { name: "@procyon-os/operator", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 16 * 1024, main };
