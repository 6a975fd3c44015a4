import * as c from "@procyon-os/contract-char";
import { decodeGrant, DIO_INPUT, GRANT_BYTES } from "@procyon-os/contract-kernel";
import { SEF_INIT_FRESH, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { Clock, PortSpace, Uart16550 } from "@procyon-os/hardware";
import { encodeRequest, errorCode, HARDWARE, CLOCK, NOTIFY, ok, SIGINT, SUSPEND, VFS, type Endpoint, type GrantId } from "@procyon-os/message";
import { ServiceHarness, type KernelScript, type Sent } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { image } from "./index.ts";

const SHELL = 77 as Endpoint;
const TTY = 5 as Endpoint;
const { calls, base } = c.charContract;
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const textOf = (bytes: ArrayLike<number>): string => String.fromCharCode(...Array.from(bytes));

/** Two real UARTs; they outlive the driver. */
class Wires {
  readonly clock = new Clock();
  readonly ports = new PortSpace();
  readonly pending = new Set<number>();
  readonly uarts: Uart16550[];
  screen = "";
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

class Terminal {
  readonly wires: Wires;
  readonly harness: ServiceHarness;
  readonly signals: [number, number][] = [];

  constructor(wires = new Wires(), initType = SEF_INIT_FRESH, before?: ServiceHarness) {
    this.wires = wires;
    const { ports, clock } = wires;
    this.harness = new ServiceHarness(image, {
      endpoint: TTY, initType, oldEndpoint: 500 as Endpoint,
      kernel: {
        irqctl: (_harness, { line }) => ok({ hook: line }),
        kill: (_harness, { process, signal }) => {
          this.signals.push([process, signal]);
          return ok({});
        },
        devio: (_harness, { request, port, value }) => {
          clock.advanceTo(clock.now + 1);
          if ((request & DIO_INPUT) !== 0) return ok({ value: ports.in(port, 1) });
          ports.out(port, value, 1);
          return ok({ value: 0 });
        },
        vdevio: (harness, { vector, count }) => {
          const { memory } = harness;
          for (let at = vector as number; at < vector + count * 4; at += 4) ports.out((memory[at] as number) | ((memory[at + 1] as number) << 8), memory[at + 2] as number, 1);
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

it("a read waits for a line, is told by a notification, and gets it by DEV_STATUS", () => {
  const tty = new Terminal();
  expect(tty.open()).toBe(1);
  const buffer = tty.grant(100);
  expect(tty.request("read", { count: 100, grant: buffer })).toBe(SUSPEND);
  const sent = tty.type("hi\r");
  expect(sent.filter(({ to }) => to === VFS).length).toBe(1);
  expect(tty.status()).toEqual([{ kind: "revive", user: SHELL, status: 3, grant: buffer }]);
  expect(textOf(tty.bytes(buffer).subarray(0, 3))).toBe("hi\n");
  expect(tty.wires.screen).toBe("hi\r\n");
  tty.type("more\n");
  expect(tty.request("read", { count: 100, grant: buffer })).toBe(5);
});

it("long input is never lost: the line waits while nobody reads", () => {
  const tty = new Terminal();
  tty.open();
  const script = Array.from({ length: 2000 }, (_, n) => `line ${n}\n`).join("");
  tty.type(script);
  let got = "";
  const buffer = tty.grant(4096);
  while (got.length < script.length) {
    const count = tty.request("read", { count: 4096, grant: buffer });
    expect(count).toBeGreaterThan(0);
    got += textOf(tty.bytes(buffer).subarray(0, count));
    tty.settle();
  }
  expect(got).toBe(script);
});

it("a write that is larger than the line holds waits, and all of it comes out", () => {
  const tty = new Terminal();
  tty.open();
  const text = "0123456789".repeat(500);
  const grant = tty.grant(bytesOf(text));
  expect(tty.request("write", { count: text.length, grant })).toBe(SUSPEND);
  expect(tty.request("write", { count: 1, grant })).toBe(errorCode("EIO"));
  tty.settle();
  expect(tty.status()).toEqual([{ kind: "revive", user: SHELL, status: 5000, grant }]);
  expect(tty.wires.screen).toBe(text);
});

it("INTR goes to whom the terminal belongs, and drops what was typed", () => {
  const tty = new Terminal();
  tty.open();
  tty.type("abc\u0003");
  expect(tty.signals).toEqual([[SHELL, SIGINT]]);
  expect(tty.wires.screen.endsWith("^C")).toBe(true);
  tty.type("ok\n");
  const buffer = tty.grant(10);
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(3);
});

it("without O_NOCTTY only; a line without owner signals nobody", () => {
  const tty = new Terminal();
  expect(tty.open({ access: c.DEV_R_BIT | c.O_NOCTTY })).toBe(0);
  tty.type("\u0003");
  expect(tty.signals).toEqual([]);
});

it("a cancelled read is EINTR and takes nothing; a second reader gets EIO", () => {
  const tty = new Terminal();
  tty.open();
  const buffer = tty.grant(10);
  tty.request("read", { count: 10, grant: buffer });
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(errorCode("EIO"));
  expect(tty.request("cancel", { mode: c.DEV_R_BIT, grant: buffer })).toBe(errorCode("EINTR"));
  tty.type("x\n");
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(2);
});

it("termios is read and set; raw reads follow MIN and TIME with the driver's alarm", () => {
  const tty = new Terminal();
  tty.open();
  const grant = tty.grant(36);
  expect(tty.request("ioctl", { request: c.TCGETS, grant })).toBe(0);
  expect(c.decodeTermios(tty.bytes(grant))).toEqual(c.termiosDefaults);
  const cc = c.termiosDefaults.cc.with(c.VMIN, 0).with(c.VTIME, 10);
  tty.bytes(grant).set(c.encodeTermios({ ...c.termiosDefaults, lflag: 0, cc }));
  expect(tty.request("ioctl", { request: c.TCSETSF, grant })).toBe(0);
  const buffer = tty.grant(10);
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(SUSPEND);
  expect(tty.harness.alarm).toBe(1000 + 60);
  tty.harness.uptime = 1060;
  tty.harness.notify(CLOCK);
  expect(tty.status()).toMatchObject([{ kind: "revive", status: 0 }]);
  expect(tty.request("ioctl", { request: c.TIOCSPGRP, grant })).toBe(errorCode("ENOTTY"));
});

it("select tells what is ready, and later what became ready", () => {
  const tty = new Terminal();
  tty.open();
  expect(tty.request("select", { operations: c.SEL_RD | c.SEL_WR })).toBe(c.SEL_WR);
  expect(tty.request("select", { operations: c.SEL_RD | c.SEL_NOTIFY })).toBe(0);
  tty.type("x");
  expect(tty.status()).toEqual([]);
  tty.type("\n");
  expect(tty.status()).toEqual([{ kind: "ioReady", minor: 0, operations: c.SEL_RD }]);
});

it("minor 16 is the console's line, 17 the second one, 15 takes output only, others are not there", () => {
  const tty = new Terminal();
  expect(tty.open({ minor: 16 })).toBe(1);
  expect(tty.request("write", { minor: 16, count: 1, grant: tty.grant(bytesOf("a")) })).toBe(1);
  expect(tty.open({ minor: 15 })).toBe(errorCode("EACCES"));
  expect(tty.request("write", { minor: 15, count: 1, grant: tty.grant(bytesOf("b")) })).toBe(1);
  tty.settle();
  expect(tty.wires.screen).toBe("ab");
  expect(tty.open({ minor: 17 })).toBe(1);
  expect(tty.open({ minor: 18 })).toBe(errorCode("ENXIO"));
  expect(tty.open({ minor: 1 })).toBe(errorCode("ENXIO"));
});

it("a lost carrier is end of file after the input, and ends a session on a line that is not the console", () => {
  const tty = new Terminal();
  tty.open();
  tty.open({ minor: 17 });
  (tty.wires.uarts[0] as Uart16550).receive(bytesOf("last\nword"));
  for (const uart of tty.wires.uarts) uart.setCarrier(false);
  tty.settle();
  const buffer = tty.grant(10);
  const read = (): number => tty.request("read", { count: 10, grant: buffer });
  expect([read(), read(), read(), read()]).toEqual([5, 4, 0, 0]);
  expect(tty.write("x")).toBe(1);
  expect(tty.signals).toEqual([[SHELL, 1]]);
});

it("a killed driver comes back with termios, owner, input and the read that waits", () => {
  const tty = new Terminal();
  tty.open();
  const settings = tty.grant(c.encodeTermios({ ...c.termiosDefaults, cc: c.termiosDefaults.cc.with(c.VINTR, 24) }));
  tty.request("ioctl", { request: c.TCSETS, grant: settings });
  tty.type("typed ");
  const buffer = tty.grant(100);
  expect(tty.request("read", { count: 100, grant: buffer })).toBe(SUSPEND);
  (tty.wires.uarts[0] as Uart16550).receive(bytesOf("ahead\n")); // comes while nobody serves the chip
  tty.wires.clock.advanceTo(tty.wires.clock.now + 10_000);
  tty.wires.pending.clear(); // the interrupt went to the instance that died

  const again = new Terminal(tty.wires, SEF_INIT_RESTART, tty.harness);
  expect(again.harness.sent.some(({ how, to }) => how === NOTIFY && to === VFS)).toBe(true);
  expect(again.status()).toEqual([{ kind: "revive", user: SHELL, status: 12, grant: buffer }]);
  expect(textOf(tty.bytes(buffer).subarray(0, 12))).toBe("typed ahead\n");
  again.type("\u0018");
  expect(again.signals).toEqual([[SHELL, SIGINT]]);
});
