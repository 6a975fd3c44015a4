import { defaultServices } from "@procyon-os/emulator";
import { beforeAll, expect, it } from "vitest";
import { Machine, rootImage } from "./machine.mjs";

// The information server on a machine: function keys from the console's escape sequences to the printed page.
const F1 = "\u001bOP";
const SHIFT_F6 = "\u001b[17;2~";
const PAGE = 22;
let machine: any;

beforeAll(() => {
  machine = new Machine([rootImage({})], { operator: true, parameters: { debug_fkeys: "1" } });
});

/** What is printed where a key is pressed. */
const press = (key: string): string => {
  const from = machine.messages.length;
  machine.type(key);
  machine.pass(0.5);
  return machine.messages.slice(from);
};
const labels = (text: string): string[] => text.split("\n").slice(2).filter((line) => line !== "" && line !== "--more--").map((line) => line.split(" ")[0] as string);

it("is started by /etc/rc where the boot parameter debug_fkeys says so, and shows a page at a press of its key", () => {
  expect(machine.must("service list")).toMatch(/^is +\d+ +\d+ is +-$/m);
  const first = press(F1);
  expect(first).toMatch(/^F1: kernel process table\n/);
  expect(first).toMatch(/^ +1 +0 +1 vfs +\d+ +\d+ .*RECEIVING +from ANY$/m);
  expect(first.endsWith("--more--\n")).toBe(true);
  expect(press(F1)).toMatch(/^ *\d+ +\d+ +\d+ is +/m);
});

it("8.51: shows the table of services a page at a time, over an update and its death", () => {
  machine.must("for i in 1 2 3; do service up /sbin/memory -label memory$i; done");
  const first = press(SHIFT_F6);
  expect(first.endsWith("--more--\n")).toBe(true);
  expect(labels(first)).toHaveLength(PAGE);
  expect(labels(first).slice(0, 3)).toEqual(["rs", "vm", "pm"]);
  const before = machine.service("is");
  expect(machine.system.update("is", { ...defaultServices["is"], version: "9.0.0" })).toEqual({ ok: true });
  const second = press(SHIFT_F6);
  expect(labels(second)).toContain("memory3");
  expect(second.endsWith("--more--\n")).toBe(false);
  expect(press(SHIFT_F6)).toBe(first);
  machine.must(`kill -9 ${machine.service("is").pid}`);
  machine.pass(2);
  expect(machine.service("is").endpoint).toBe(before.endpoint);
  expect(labels(press(SHIFT_F6))).toEqual(["is", "memory1", "memory2", "memory3"]);
});

it("gives every dump as text to root, and to nobody else", () => {
  const keys = machine.must("isdump").trim().split("\n").slice(2).map((line: string) => (line.split(" ")[0] as string).replace("Shift+", "S"));
  expect(keys).toHaveLength(17);
  for (const key of keys) {
    const text = machine.must(`isdump ${key}`);
    expect(text.split("\n").length, `${key}: ${text}`).toBeGreaterThan(2);
    expect(text).not.toContain("IS: ");
  }
  expect(machine.must("isdump SF8")).toMatch(/^ *\d+ tty +rs +LABEL 5$/m);
  expect(machine.must("isdump SF4")).toMatch(/^at_wini_0 +3 +\d+ /m);
  expect(machine.run("isdump F9").status).toBe(1);
});

it("a key that has no dump goes to the program that reads, and so do all when IS is down", () => {
  const from = machine.console.length;
  expect(press("\u001b[24~\u0015")).toBe(""); // F12
  machine.must("service down is");
  expect(press(`${F1}\u0015`)).toBe("");
  expect(machine.console.slice(from)).toContain("[24~");
  expect(machine.run("isdump F1")).toMatchObject({ status: 1 });
  machine.must("service up /sbin/is -label is");
  expect(press(F1)).toMatch(/^F1: /);
});
