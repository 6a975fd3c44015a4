import * as c from "@procyon-os/contract-char";
import { SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import type { Uart16550 } from "@procyon-os/hardware";
import { errorCode, CLOCK, NOTIFY, SIGINT, SUSPEND, VFS } from "@procyon-os/message";
import { expect, it } from "vitest";
import { bytesOf, SHELL, Terminal, textOf } from "../test/terminal.ts";

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

/** A driver whose reader waits, with other settings than at first on both lines. */
function inUse(): { tty: Terminal; buffer: number } {
  const tty = new Terminal();
  tty.open();
  tty.open({ minor: 17 });
  const even = tty.grant(c.encodeTermios({ ...c.termiosDefaults, cflag: c.termiosDefaults.cflag | c.PARENB }));
  for (const minor of [0, 17]) tty.request("ioctl", { minor, request: c.TCSETS, grant: even });
  tty.type("typed ");
  const buffer = tty.grant(100);
  expect(tty.request("read", { count: 100, grant: buffer })).toBe(SUSPEND);
  return { tty, buffer };
}

it("a new version leaves the chips as they are, and tells VFS nothing that it has been told", () => {
  const { tty, buffer } = inUse();
  const { writes } = tty.wires;
  (tty.wires.uarts[0] as Uart16550).receive(bytesOf("ahead\n")); // its interrupt finds the new version
  const again = new Terminal(tty.wires, SEF_INIT_LU, tty.harness);
  expect(tty.wires.writes).toBe(writes);
  expect(again.harness.sent.filter(({ how, to }) => how === NOTIFY && to === VFS)).toEqual([]);
  again.settle();
  expect(again.status()).toEqual([{ kind: "revive", user: SHELL, status: 12, grant: buffer }]);
});

it.each([
  ["interrupts off", 0x3f9, 0], ["another size of characters", 0x3fb, 0], ["nobody there", 0x3fc, 0], ["interrupts of the second line off", 0x2f9, 0],
])("a new version begins a chip anew that is not as its line says: %s", (_what, port, value) => {
  const { tty } = inUse();
  const before = tty.wires.ports.in(port, 1);
  tty.wires.ports.out(port, value, 1);
  const again = new Terminal(tty.wires, SEF_INIT_LU, tty.harness);
  expect(tty.wires.ports.in(port, 1)).toBe(before);
  again.type("x");
  expect(again.wires.screen.endsWith("x")).toBe(true);
});
