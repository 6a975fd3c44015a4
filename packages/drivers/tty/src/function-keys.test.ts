import * as c from "@procyon-os/contract-char";
import { SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import { FKEY_EVENTS, FKEY_MAP, FKEY_UNMAP, keyBit } from "@procyon-os/contract-tty";
import { CLOCK, fail, NOTIFY, ok, SUSPEND, type Endpoint } from "@procyon-os/message";
import type { Sent } from "@procyon-os/service-harness";
import { expect, it } from "vitest";
import { Terminal, textOf } from "../test/terminal.ts";
import { freshTty, ttyState } from "./tty-state.ts";

const IS = 40_000 as Endpoint;
const OTHER = 50_000 as Endpoint;
const F1 = "\u001bOP";
const F2 = "\u001b[12~";
const SHIFT_F6 = "\u001b[17;2~";
const NONE_PRESSED = ok({ fkeys: 0, sfkeys: 0 });

/** A console in raw or canonical mode with F1 and shift-F6 of IS, on which nothing is echoed. */
function withKeys({ raw = false, parameters = {} as { [name: string]: string } } = {}): Terminal {
  const tty = new Terminal(undefined, SEF_INIT_FRESH, undefined, parameters);
  tty.open();
  setMode(tty, raw);
  expect(tty.control(IS, FKEY_MAP, keyBit(1), keyBit(6))).toEqual(NONE_PRESSED);
  return tty;
}
function setMode(tty: Terminal, raw: boolean): void {
  const grant = tty.grant(c.encodeTermios({ ...c.termiosDefaults, lflag: raw ? 0 : c.ICANON }));
  expect(tty.request("ioctl", { request: c.TCSETS, grant })).toBe(0);
}
const told = (sent: readonly Sent[], whom: Endpoint): number => sent.filter(({ how, to }) => how === NOTIFY && to === whom).length;

it("a mapped key notifies its observer, who asks which it was; the reader gets nothing of it", () => {
  const tty = withKeys();
  const sent = tty.type(`ab${F1}c${SHIFT_F6}${F1}\n`);
  expect(told(sent, IS)).toBe(3);
  expect(tty.control(IS, FKEY_EVENTS)).toEqual(ok({ fkeys: keyBit(1), sfkeys: keyBit(6) }));
  expect(tty.control(IS, FKEY_EVENTS)).toEqual(NONE_PRESSED);
  expect(tty.control(OTHER, FKEY_EVENTS)).toEqual(NONE_PRESSED);
  expect(tty.read()).toBe("abc\n");
});

it.each([true, false])("a key that nobody has mapped goes to the reader as it is (raw: %s)", (raw) => {
  const tty = withKeys({ raw });
  const text = `${F2}\u001b[A\u001b[3~x\u001b[17~\n`;
  expect(told(tty.type(text), IS)).toBe(0);
  expect(tty.read()).toBe(text);
});

it("a sequence may come in pieces, and other input after a piece sets it free", () => {
  const tty = withKeys();
  expect(told(tty.type("\u001b"), IS) + told(tty.type("["), IS) + told(tty.type("11"), IS)).toBe(0);
  expect(told(tty.type("~"), IS)).toBe(1);
  tty.type("\u001b[1");
  tty.type("9z\u001b");
  tty.type(F1);
  expect(tty.control(IS, FKEY_EVENTS)).toEqual(ok({ fkeys: keyBit(1), sfkeys: 0 }));
  tty.type("\n");
  expect(tty.read()).toBe("\u001b[19z\u001b\n");
  expect(tty.harness.alarm).toBeNull();
});

it("the other end is not stopped for the sake of a piece", () => {
  const tty = withKeys();
  tty.type("\u001b");
  expect(tty.wires.ports.in(0x3fc, 1) & 0x02).toBe(0x02); // RTS
});

it("in raw mode a piece waits a tenth of a second, then it is input, and what comes later is too", () => {
  const tty = withKeys({ raw: true });
  tty.type("\u001b");
  expect(tty.read()).toBeNull();
  expect(tty.harness.alarm).toBe(1000 + 6);
  tty.harness.uptime = 1006;
  tty.harness.notify(CLOCK);
  expect(tty.read()).toBe("\u001b");
  tty.type("[11~");
  expect(tty.read()).toBe("[11~");
});

it("in raw mode each byte of a sequence has its own tenth of a second", () => {
  const tty = withKeys({ raw: true });
  tty.type("\u001b[");
  tty.harness.uptime = 1005;
  tty.type("1");
  expect(tty.harness.alarm).toBe(1011);
  expect(told(tty.type("1~"), IS)).toBe(1);
  expect(tty.harness.alarm).toBeNull();
  expect(tty.read()).toBeNull();
});

it("a line that becomes raw gives its reader what it held", () => {
  const tty = withKeys();
  tty.type("\u001b");
  setMode(tty, true);
  tty.harness.uptime = 1006;
  tty.harness.notify(CLOCK);
  expect(tty.read()).toBe("\u001b");
});

it("a byte after LNEXT is never the beginning of a key", () => {
  const tty = new Terminal();
  tty.open();
  tty.control(IS, FKEY_MAP, keyBit(1));
  tty.type(`\u0016${F1}\n`);
  expect(tty.read()).toBe(`${F1}\n`);
});

it("what was held when the carrier is lost is input", () => {
  const tty = withKeys();
  tty.type("last\u001b[");
  (tty.wires.uarts[0] as { setCarrier(on: boolean): void }).setCarrier(false);
  tty.settle();
  expect([tty.read(), tty.read()]).toEqual(["last\u001b[", ""]);
});

it("whoever maps a key takes it over; only who has it can unmap it, and other bits mean nothing", () => {
  const tty = withKeys();
  expect(tty.control(OTHER, FKEY_MAP, keyBit(1) | 1 | keyBit(13))).toEqual(ok({ fkeys: 1 | keyBit(13), sfkeys: 0 }));
  expect(told(tty.type(F1), OTHER)).toBe(1);
  expect(tty.control(IS, FKEY_EVENTS)).toEqual(NONE_PRESSED);
  expect(tty.control(IS, FKEY_UNMAP, keyBit(1), keyBit(6))).toEqual(fail("EPERM")); // what it has is unmapped all the same
  expect(tty.control(IS, FKEY_UNMAP, 0, keyBit(6))).toEqual(fail("EPERM"));
  expect(tty.control(OTHER, FKEY_UNMAP, keyBit(1))).toEqual(NONE_PRESSED);
  expect(told(tty.type(`${F1}${SHIFT_F6}\n`), OTHER)).toBe(0);
  expect(tty.read()).toBe(`${F1}${SHIFT_F6}\n`);
});

it.each([0, 9, 13, -1])("request %i of FKEY_CONTROL is none", (request) => {
  expect(withKeys().control(IS, request, 2, 2)).toEqual(fail("EINVAL"));
});

it("unmapping a key sets free what might have become it", () => {
  const tty = withKeys({ raw: true });
  const buffer = tty.grant(10);
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(SUSPEND);
  tty.type("\u001b");
  expect(tty.status()).toEqual([]);
  tty.control(IS, FKEY_UNMAP, keyBit(1), keyBit(6));
  expect(tty.status()).toMatchObject([{ kind: "revive", status: 1 }]);
});

it("an observer that has died has no keys: they are the reader's again", () => {
  const tty = withKeys();
  tty.harness.gone.add(IS);
  tty.type(`${F1}\n`);
  tty.harness.gone.delete(IS);
  tty.type(`${SHIFT_F6}\n`);
  expect([tty.read(), tty.read()]).toEqual([`${F1}\n`, `${SHIFT_F6}\n`]);
});

it.each([{ serial: "plain" }, { serial: "raw" }, { debug_fkeys: "0" }])("with %o input is not searched for keys", (parameters) => {
  const tty = withKeys({ parameters: parameters as never });
  expect(told(tty.type(`${F1}\n`), IS)).toBe(0);
  expect(tty.read()).toBe(`${F1}\n`);
});

it("only the console has function keys", () => {
  const tty = withKeys();
  tty.open({ minor: 17 });
  expect(told(tty.type(`${F1}\n`, 1), IS)).toBe(0);
});

it.each([SEF_INIT_RESTART, SEF_INIT_LU])("keys, what was pressed and half a sequence are the next instance's (type %i)", (type) => {
  const tty = withKeys();
  tty.type(`${SHIFT_F6}x\u001b[1`);
  const again = new Terminal(tty.wires, type, tty.harness);
  expect(told(again.type("1~"), IS)).toBe(1);
  expect(again.control(IS, FKEY_EVENTS)).toEqual(ok({ fkeys: keyBit(1), sfkeys: keyBit(6) }));
  again.type("\n");
  const buffer = tty.grant(10); // VFS has the grants that it had
  expect(again.request("read", { count: 10, grant: buffer })).toBe(2);
  expect(textOf(tty.bytes(buffer).subarray(0, 2))).toBe("x\n");
});

it("a state of version 1 gets keys that nobody observes", () => {
  const lines = freshTty().lines.map(({ keys: _keys, ...line }) => line);
  expect(ttyState.migrations?.[1]?.({ lines, alarmAt: null } as never)).toEqual(freshTty());
});

it("a read that waits is not answered by a key", () => {
  const tty = withKeys({ raw: true });
  const buffer = tty.grant(10);
  expect(tty.request("read", { count: 10, grant: buffer })).toBe(SUSPEND);
  tty.type(F1);
  expect(tty.status()).toEqual([]);
  tty.type("y");
  expect(tty.status()).toMatchObject([{ kind: "revive", status: 1 }]);
});
