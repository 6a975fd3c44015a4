import * as c from "@procyon-os/contract-char";
import { decodeGrant, DIO_INPUT, GRANT_BYTES } from "@procyon-os/contract-kernel";
import { SEF_INIT_FRESH } from "@procyon-os/contract-rs";
import { Clock, PortSpace, Uart16550 } from "@procyon-os/hardware";
import { FKEY_CONTROL, ttyContract } from "@procyon-os/contract-tty";
import { decodeReply, encodeRequest, HARDWARE, NOTIFY, ok, VFS, type Endpoint, type GrantId, type Outcome } from "@procyon-os/message";
import { ServiceHarness, type KernelScript, type Sent } from "@procyon-os/service-harness";
import { image } from "../src/index.ts";

export const SHELL = 77 as Endpoint;
export const TTY = 5 as Endpoint;
const { calls, base } = c.charContract;
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
export const textOf = (bytes: ArrayLike<number>): string => String.fromCharCode(...Array.from(bytes));

/** Two real UARTs; they outlive the driver. */
export class Wires {
  readonly clock = new Clock();
  readonly ports = new PortSpace();
  readonly pending = new Set<number>();
  readonly uarts: Uart16550[];
  screen = "";
  writes = 0; // to registers
  constructor() {
    this.uarts = [[0x3f8, 4], [0x2f8, 3]].map(([port, irq]) => {
      let high = false;
      const raise = (): void => {
        if (!high) this.pending.add(irq as number);
        high = true;
      };
      const uart = new Uart16550(this.clock, { raise, lower: () => void (high = false), pulse: () => {} }, port as number, 4_000_000);
      this.ports.attach(uart);
      return uart;
    });
    (this.uarts[0] as Uart16550).onTransmit = (byte) => void (this.screen += String.fromCharCode(byte));
  }
}

/** Copies for an instance that takes another's place: the state comes from grant 0 of the dead one, and VFS has its old grants. */
function afterCrash(before: ServiceHarness): KernelScript {
  const bytesBehind = (process: Endpoint, grant: number): Uint8Array => {
    if (process === VFS) return before.clients.bytes(VFS, grant) as Uint8Array;
    const entry = decodeGrant(before.memory, before.grantTable.address + grant * GRANT_BYTES);
    return entry.kind === "direct" ? before.memory.subarray(entry.start, entry.start + entry.length) : new Uint8Array(0);
  };
  return {
    safecopyfrom: (harness, { process, grant, offset, address, bytes }) => {
      harness.memory.set(bytesBehind(process, grant).subarray(offset, offset + bytes), address);
      return ok({});
    },
    safecopyto: (harness, { process, grant, offset, address, bytes }) => {
      bytesBehind(process, grant).set(harness.memory.subarray(address, address + bytes), offset);
      return ok({});
    },
  };
}

export class Terminal {
  readonly wires: Wires;
  readonly harness: ServiceHarness;
  readonly signals: [number, number][] = [];

  constructor(wires = new Wires(), initType = SEF_INIT_FRESH, before?: ServiceHarness, parameters: { readonly [name: string]: string } = {}) {
    this.wires = wires;
    const { ports, clock } = wires;
    this.harness = new ServiceHarness(image, {
      endpoint: TTY, initType, oldEndpoint: 500 as Endpoint, parameters,
      kernel: {
        irqctl: (_harness, { line }) => ok({ hook: line }),
        kill: (_harness, { process, signal }) => {
          this.signals.push([process, signal]);
          return ok({});
        },
        devio: (_harness, { request, port, value }) => {
          clock.advanceTo(clock.now + 1);
          if ((request & DIO_INPUT) !== 0) return ok({ value: ports.in(port, 1) });
          wires.writes++;
          ports.out(port, value, 1);
          return ok({ value: 0 });
        },
        vdevio: (harness, { request, vector, count }) => {
          const { memory } = harness;
          for (let at = vector as number; at < vector + count * 4; at += 4) {
            const port = (memory[at] as number) | ((memory[at + 1] as number) << 8);
            if ((request & DIO_INPUT) !== 0) memory[at + 2] = ports.in(port, 1);
            else {
              wires.writes++;
              ports.out(port, memory[at + 2] as number, 1);
            }
          }
          return ok({});
        },
        sdevio: (harness, { request, port, address, bytes }) => {
          const buffer = harness.memory.subarray(address, address + bytes);
          if ((request & DIO_INPUT) !== 0) ports.inString(port, 1, buffer);
          else ports.outString(port, 1, buffer);
          return ok({});
        },
        ...(before === undefined ? {} : afterCrash(before)),
      },
    });
  }

  /** Lets everything on the wires happen; gives what the driver sent meanwhile. */
  settle(): Sent[] {
    const sent: Sent[] = [];
    const { clock, pending } = this.wires;
    while (pending.size > 0 || clock.next() !== Infinity) {
      if (pending.size === 0) clock.advanceTo(clock.next());
      for (const irq of pending) {
        pending.delete(irq);
        sent.push(...this.harness.notify(HARDWARE, 1 << irq));
      }
    }
    return sent;
  }

  /** A request of VFS and the status that it was answered. */
  request(name: keyof typeof calls, fields: { [name: string]: number }): number {
    const values = { minor: 0, user: SHELL, positionLow: 0, positionHigh: 0, grant: -1, count: 0, realUser: SHELL, ...fields };
    const sent = this.harness.send(VFS, encodeRequest(base, calls[name] as never, values as never));
    const answer = sent.map(({ message }) => c.decodeCharReply(message)).find((reply) => reply?.kind === "task");
    return answer?.kind === "task" ? answer.status : NaN;
  }
  /** What DEV_STATUS gives until there is no more. */
  status(): c.CharReply[] {
    const replies: c.CharReply[] = [];
    for (;;) {
      const [sent] = this.harness.send(VFS, encodeRequest(base, calls.status, {}));
      const reply = c.decodeCharReply((sent as Sent).message) as c.CharReply;
      if (reply.kind === "noStatus") return replies;
      replies.push(reply);
    }
  }
  type(text: string, uart = 0): Sent[] {
    (this.wires.uarts[uart] as Uart16550).receive(bytesOf(text));
    return this.settle();
  }
  /** FKEY_CONTROL of a service, and what it is answered. */
  control(from: Endpoint, request: number, fkeys = 0, sfkeys = 0): Outcome<(typeof ttyContract.calls)["fkeyControl"]> {
    const sent = this.harness.send(from, encodeRequest(base, ttyContract.calls.fkeyControl, { request, fkeys, sfkeys }));
    const answer = sent.find(({ to, how }) => to === from && how !== NOTIFY);
    if (answer === undefined) throw new Error(`FKEY_CONTROL ${FKEY_CONTROL} has no answer`);
    return decodeReply(ttyContract.calls.fkeyControl, answer.message);
  }
  /** What a read of the console gives now; null where it waits, and then it is cancelled. */
  read(count = 100): string | null {
    const buffer = this.grant(count);
    const got = this.request("read", { count, grant: buffer });
    if (got >= 0) return textOf(this.bytes(buffer).subarray(0, got));
    this.request("cancel", { mode: c.DEV_R_BIT, grant: buffer });
    return null;
  }
  grant(content: Uint8Array | number): GrantId {
    return this.harness.grant(VFS, typeof content === "number" ? new Uint8Array(content) : content);
  }
  bytes(grant: GrantId): Uint8Array {
    return this.harness.clients.bytes(VFS, grant) as Uint8Array;
  }
  write(text: string): number {
    return this.request("write", { count: text.length, grant: this.grant(bytesOf(text)) });
  }
  open(fields: { [name: string]: number } = {}): number {
    return this.request("open", { access: c.DEV_R_BIT | c.DEV_W_BIT, ...fields });
  }
}
