import { DS_ENTRY_BYTES, DSF_IN_USE, DSF_TYPE_LABEL, DSF_TYPE_U32, encodeDsEntry } from "@procyon-os/contract-ds";
import { dumpKey, isContract } from "@procyon-os/contract-is";
import { GET_KMESSAGES, GET_PROCTAB, GET_WHOAMI, KMESS_BUF_SIZE, PROCESS_BYTES, RTS_RECEIVING, RTS_SLOT_FREE, SYSCTL_CODE_STACKTRACE } from "@procyon-os/contract-kernel";
import { MP_IN_USE, MP_WAITING, mprocInfo, pmContract } from "@procyon-os/contract-pm";
import { encodeRprocPub, getSysInfoCall, RS_ACTIVE, RS_IN_USE, rprocInfo, RPROCPUB_BYTES, SEF_INIT_FRESH, SEF_INIT_LU, SEF_INIT_RESTART, SI_PROC_TAB } from "@procyon-os/contract-rs";
import { FKEY_EVENTS, FKEY_MAP, FKEY_UNMAP, keyBit, ttyContract } from "@procyon-os/contract-tty";
import { fprocInfo, SI_DMAP_TAB } from "@procyon-os/contract-vfs";
import {
  CLOCK, decodeRequest, DS, encodeReply, errorCode, fail, messageType, newMessage, NONE, ok, PM, RS, SIGTERM, TTY, VFS, type Endpoint, type ErrorName, type VirtAddr,
} from "@procyon-os/message";
import { ServiceHarness, type Partner } from "@procyon-os/service-harness";
import { beforeEach, describe, expect, it } from "vitest";
import { image } from "./index.ts";

const IS = 36_600 as Endpoint;
const ROOT = 80 as Endpoint;
const USER = 81 as Endpoint;
const SIGS_SIGNAL_RECEIVED = 0xe00;
const { fkeyControl } = ttyContract.calls;

/** IS, and the servers whose tables it shows. */
class World {
  harness: ServiceHarness;
  /** Requests of FKEY_CONTROL so far. */
  readonly controls: { readonly request: number; readonly fkeys: number; readonly sfkeys: number }[] = [];
  readonly traced: number[] = [];
  pressed = { fkeys: 0, sfkeys: 0 };
  /** Tables by "server/what"; a size that differs from what is asked is EINVAL, as with a version of another table. */
  readonly tables = new Map<string, Uint8Array>();
  refusal: ErrorName | null = null;
  messages = "";

  constructor(type = SEF_INIT_FRESH, before?: World, mostTraps?: number) {
    if (before !== undefined) {
      this.tables = before.tables;
      this.pressed = before.pressed;
    }
    this.harness = new ServiceHarness(image, {
      endpoint: IS, initType: type, memoryBytes: 2 * 1024 * 1024,
      ...(before === undefined ? {} : { oldEndpoint: 500 as Endpoint, predecessor: before.harness }), ...(mostTraps === undefined ? {} : { mostTraps }),
      partners: new Map<Endpoint, Partner>([
        [TTY, (message) => this.tty(message)], [PM, (message, harness) => (messageType(message) === 0xe02 ? this.table("pm", message, harness) : this.whoIs(message))],
        [VFS, (message, harness) => this.table("vfs", message, harness)], [RS, (message, harness) => (messageType(message) === 0xe02 ? this.table("rs", message, harness) : newMessage(0))],
        [DS, (message, harness) => this.table("ds", message, harness)],
      ]),
      kernel: {
        getinfo: (harness, { what, address }) => {
          const none = { endpoint: NONE, privilegeFlags: 0, name: "" };
          if (what === GET_WHOAMI) return ok({ endpoint: IS, privilegeFlags: 0x10, name: "is" });
          if (what === GET_PROCTAB) harness.memory.set(processTable(), address);
          else if (what === GET_KMESSAGES) harness.memory.set(ring(this.messages), address);
          else return fail("EINVAL");
          return ok(none);
        },
        sysctl: (harness, { code, buffer, argument }) => {
          if (code === SYSCTL_CODE_STACKTRACE) this.traced.push(argument);
          else for (let at = buffer; at < buffer + argument; at++) harness.output += String.fromCharCode(harness.memory[at] as number);
          return ok({});
        },
      },
    });
  }

  private tty(message: Int32Array): Int32Array {
    const { request, fkeys, sfkeys } = decodeRequest(fkeyControl, message);
    this.controls.push({ request, fkeys, sfkeys });
    const keys = request === FKEY_EVENTS ? this.pressed : { fkeys: 0, sfkeys: 0 };
    if (request === FKEY_EVENTS) this.pressed = { fkeys: 0, sfkeys: 0 };
    return encodeReply(fkeyControl, ok(keys));
  }
  private whoIs(message: Int32Array): Int32Array {
    const { getEpInfo } = pmContract.calls;
    const { endpoint } = decodeRequest(getEpInfo, message);
    return encodeReply(getEpInfo, ok({ pid: endpoint, uid: endpoint === USER ? 9 : 0, gid: 0 }));
  }
  private table(server: string, message: Int32Array, harness: ServiceHarness): Int32Array {
    if (this.refusal !== null) return newMessage(errorCode(this.refusal));
    const { what, size, where } = decodeRequest(getSysInfoCall, message);
    const table = this.tables.get(`${server}/${what}`) ?? new Uint8Array(size);
    if (table.length !== size) return newMessage(errorCode("EINVAL"));
    harness.memory.set(table, where);
    return newMessage(0);
  }

  /** What IS prints when a key is pressed. */
  press(key: number, shift = false): string {
    const from = this.harness.output.length;
    this.pressed[shift ? "sfkeys" : "fkeys"] |= keyBit(key);
    this.harness.notify(TTY);
    return this.harness.output.slice(from);
  }
  /** Every line of a dump, by requests of so many bytes. */
  dump(key: number, size = 4096): string {
    let text = "";
    let from = 0;
    do {
      const got = this.harness.call(isContract, ROOT, "dump", { key, from, size, where: 0x8000 as VirtAddr });
      if (got?.ok !== true) throw new Error(JSON.stringify(got));
      text += String.fromCharCode(...this.harness.clients.space(ROOT).subarray(0x8000, 0x8000 + got.value.bytes));
      from = got.value.next;
    } while (from > 0);
    return text;
  }
}

function ring(text: string): Uint8Array {
  const bytes = new Uint8Array(8 + KMESS_BUF_SIZE);
  new DataView(bytes.buffer).setInt32(0, text.length, true);
  new DataView(bytes.buffer).setInt32(4, text.length, true);
  for (let at = 0; at < text.length; at++) bytes[8 + at] = text.charCodeAt(at);
  return bytes;
}

/** Two processes, in a table whose other slots are free. */
function processTable(): Uint8Array {
  const bytes = new Uint8Array(PROCESS_BYTES * 261);
  const view = new DataView(bytes.buffer);
  const enter = (index: number, slot: number, endpoint: number, name: string, flags: number): void => {
    const at = index * PROCESS_BYTES;
    view.setInt32(at + 624, slot, true);
    view.setUint32(at + 632, flags, true);
    view.setInt32(at + 784, 0x7ace, true); // from ANY
    for (let n = 0; n < name.length; n++) bytes[at + 796 + n] = name.charCodeAt(n);
    view.setInt32(at + 804, endpoint, true);
  };
  for (let index = 0; index < 261; index++) enter(index, index - 5, index - 5, "", RTS_SLOT_FREE);
  enter(5, 0, 0, "pm", RTS_RECEIVING);
  enter(20, 15, 36_573, "sh", 0);
  return bytes;
}

function dsTable(count: number): Uint8Array {
  const table = new Uint8Array(DS_ENTRY_BYTES * 128);
  for (let slot = 0; slot < count; slot++) {
    const type = slot === 0 ? DSF_TYPE_LABEL : DSF_TYPE_U32;
    encodeDsEntry({ flags: DSF_IN_USE | type, key: `key.${slot}`, owner: "owner", value: 1000 + slot, length: 0 }, table, slot * DS_ENTRY_BYTES);
  }
  return table;
}

function fillRs(world: World, count: number): void {
  const own = new Uint8Array(rprocInfo.bytes * 64);
  const open = new Uint8Array(RPROCPUB_BYTES * 64);
  for (let index = 0; index < count; index++) {
    const endpoint = (36_600 + index) as Endpoint;
    own.set(rprocInfo.encode({
      flags: RS_IN_USE | RS_ACTIVE, endpoint, pid: 100 + index, restarts: 3, backoff: 0, period: 300, checkTime: 0, aliveTime: 77, stopTime: 0, uid: 0,
      scheduler: NONE, priority: 4, quantum: 200, replicas: 0, command: `/sbin/service${index} -x`,
    }), index * rprocInfo.bytes);
    open.set(encodeRprocPub({
      inUse: true, sysFlags: 0, endpoint, deviceFlags: 0, major: 0, deviceStyle: 0, deviceStyle2: 0, label: `service${index}`, processName: "x", vmCalls: [0, 0],
    }), index * RPROCPUB_BYTES);
  }
  world.tables.set(`rs/${SI_PROC_TAB}`, own);
  world.tables.set("rs/11", open);
}

let world: World;
beforeEach(() => {
  world = new World();
});

describe("its keys", () => {
  it.each([SEF_INIT_FRESH, SEF_INIT_RESTART, SEF_INIT_LU])("are registered with TTY by every instance (type %i)", (type) => {
    const one = type === SEF_INIT_FRESH ? world : new World(type, world);
    const fkeys = [1, 2, 3, 4, 5, 6, 7, 8, 10].reduce((bits, key) => bits | keyBit(key), 0);
    const sfkeys = [1, 2, 3, 4, 5, 6, 8, 9].reduce((bits, key) => bits | keyBit(key), 0);
    expect(one.controls).toEqual([{ request: FKEY_MAP, fkeys, sfkeys }]);
  });

  it("are given back at SIGTERM, and then it ends", () => {
    const signal = newMessage(SIGS_SIGNAL_RECEIVED);
    signal[2] = SIGTERM;
    expect(() => world.harness.send(PM, signal)).toThrow("exit");
    expect(world.controls.at(-1)).toMatchObject({ request: FKEY_UNMAP, fkeys: world.controls[0]?.fkeys });
  });

  it("are asked for only when TTY has something to tell", () => {
    world.harness.notify(CLOCK);
    world.harness.notify(77 as Endpoint);
    expect(world.controls).toHaveLength(1);
    expect(world.harness.output).toBe("");
  });

  it("may be pressed several at a time", () => {
    world.pressed = { fkeys: keyBit(1), sfkeys: keyBit(5) };
    world.harness.notify(TTY);
    expect(world.harness.output.match(/^\S+: .*/gm)).toEqual(["F1: kernel process table", "Shift+F5: function key mappings"]);
  });

  it("without a dump print nothing", () => {
    expect(world.press(9) + world.press(12) + world.press(7, true)).toBe("");
  });
});

describe("dumps", () => {
  it("show the kernel's processes, but no free slot", () => {
    expect(world.press(1)).toBe([
      "F1: kernel process table",
      "  nr  gen endpoint name     prio quant     user      sys rts flags            from/to",
      "   0    0        0 pm          0     0        0        0 RECEIVING            from ANY",
      "  15    1    36573 sh          0     0        0        0 -",
      "",
    ].join("\n"));
  });

  it("have the kernel print the stack of each process", () => {
    expect(world.press(9, true)).toContain("   36573 sh       -\n");
    expect(world.traced).toEqual([0, 36_573]);
  });

  it("show PM's processes and VFS's with what they wait for", () => {
    const pm = new Uint8Array(mprocInfo.bytes * 256);
    pm.set(mprocInfo.encode({
      flags: MP_IN_USE | MP_WAITING, endpoint: USER, pid: 44, ppid: 1, pgrp: 40, uid: 9, euid: 0, gid: 3, egid: 3, nice: 5, parent: 11, tracer: -1, ignored: 0x10,
      caught: 2, mask: 4, pending: 8, alarm: 60, name: "sh",
    }), 12 * mprocInfo.bytes);
    world.tables.set("pm/64", pm);
    expect(world.press(1, true).split("\n")[2]).toBe("sh            12   11    -     44      1     40 9(0)     3           5 W------------");
    expect(world.press(2, true).split("\n")[2]).toBe("sh            12 00000010 00000002 00000004 00000008         60");
    const vfs = new Uint8Array(fprocInfo.bytes * 256);
    vfs.set(fprocInfo.encode({ inUse: 1, endpoint: USER, pid: 44, tty: 0x0400, umask: 0o22, uid: 9, euid: 0, gid: 3, egid: 3, leader: 1, blockedOn: 1, revived: 0 }), 12 * fprocInfo.bytes);
    world.tables.set("vfs/2", vfs);
    expect(world.press(3, true).split("\n")[2]).toBe("  12     44 4/0      022 9 (0)      3 (3)      yes    pipe    no");
  });

  it("show of the kernel's messages the last page, and no message twice", () => {
    world.messages = Array.from({ length: 40 }, (_, n) => `message ${n}\n`).join("");
    const lines = world.press(7).trimEnd().split("\n");
    expect([lines.length, lines[2], lines.at(-1)]).toEqual([24, "message 18", "message 39"]);
  });
});

describe("long tables", () => {
  const keysOf = (text: string): string[] => text.match(/(key\.|^service)\d+/gm) ?? [];

  it("8.51: the data store comes 22 entries at a time, a page at each press of its key, and then from the start", () => {
    world.tables.set("ds/5", dsTable(50));
    const pages = [1, 2, 3, 4].map(() => world.press(8, true));
    expect(pages.map((page) => keysOf(page).length)).toEqual([22, 22, 6, 22]);
    expect(pages.map((page) => page.endsWith("--more--\n"))).toEqual([true, true, false, true]);
    expect(keysOf(pages.slice(0, 3).join(""))).toEqual(Array.from({ length: 50 }, (_, n) => `key.${n}`));
    expect(pages.map((page) => page.split("\n")[0])).toEqual(Array(4).fill("Shift+F8: data store"));
  });

  it("8.51: so does the table of services, and exactly 22 entries are one page", () => {
    fillRs(world, 45);
    expect([1, 2, 3, 4].map(() => keysOf(world.press(6, true)).length)).toEqual([22, 22, 1, 22]);
    const other = new World();
    fillRs(other, 22);
    const page = other.press(6, true);
    expect([keysOf(page).length, page.includes("--more--")]).toEqual([22, false]);
    expect(page.split("\n")[2]).toBe("service0           36600   100 A----- -        300      77     3x /sbin/service0 -x");
  });

  it("8.51: each table has a page of its own, and one that has become shorter begins anew", () => {
    world.tables.set("ds/5", dsTable(50));
    fillRs(world, 45);
    world.press(8, true);
    world.press(6, true);
    world.press(8, true);
    world.tables.set("ds/5", dsTable(30));
    expect(keysOf(world.press(8, true))[0]).toBe("key.0");
    expect(keysOf(world.press(6, true))[0]).toBe("service22");
  });

  it.each([
    ["ds", 8, "ds/5", 5], ["rs", 6, `rs/${SI_PROC_TAB}`, SI_PROC_TAB], ["rs", 6, "rs/11", 11], ["pm", 1, "pm/64", 64], ["vfs", 4, `vfs/${SI_DMAP_TAB}`, SI_DMAP_TAB],
  ])("8.51: a table of %s of another size is one line that says so (shift-F%i, %s)", (server, key, name, what) => {
    world.tables.set(name, new Uint8Array(8));
    expect(world.press(key, true)).toBe(`IS: no table ${what} of ${server}: its tables have another size: are these two versions that belong together?\n`);
    world.tables.delete(name);
    expect(world.press(key, true)).not.toContain("no table");
  });

  it.each(["EPERM", "EFAULT", "EDEADSRCDST"] as const)("and a refusal with %s another one", (error) => {
    world.refusal = error;
    expect(world.press(8, true)).toBe(`IS: no table 5 of ds: ${error}\n`);
    expect(world.press(6, false)).toBe("IS: the kernel gives no IRQ hooks\n");
  });

  it.each([SEF_INIT_RESTART, SEF_INIT_LU])("8.51: the next instance goes on with the page (type %i)", (type) => {
    world.tables.set("ds/5", dsTable(50));
    world.press(8, true);
    expect(keysOf(new World(type, world).press(8, true))[0]).toBe("key.22");
  });

  it("what was pressed when an instance died is printed by the next one, wherever it died", () => {
    const dying = (traps: number): { before: World; after: World } => {
      const before = new World(SEF_INIT_FRESH, undefined, traps);
      before.tables.set("ds/5", dsTable(30));
      before.pressed.sfkeys = keyBit(8);
      try {
        before.harness.notify(TTY);
      } catch {
        // killed
      }
      return { before, after: new World(SEF_INIT_RESTART, before) };
    };
    const all = new World();
    const start = all.harness.traps;
    all.tables.set("ds/5", dsTable(30));
    all.press(8, true);
    const shown: number[] = [];
    for (let traps = start + 1; traps < all.harness.traps; traps++) {
      const { before, after } = dying(traps);
      expect(before.harness.ended).toBe("killed");
      shown.push(new Set(keysOf(before.harness.output + after.harness.output)).size);
    }
    // Lost only where TTY has told the key and its state does not say so yet: the save is one store.
    expect(shown.filter((count) => count !== 22)).toEqual([0]);
  });
});

describe("DUMP", () => {
  const ask = (from: Endpoint, request: object) => world.harness.call(isContract, from, "dump", { key: 13, from: 0, size: 4096, where: 0x8000 as VirtAddr, ...request });

  it("gives root the whole of a dump, whatever the room", () => {
    world.tables.set("ds/5", dsTable(50));
    const whole = world.dump(dumpKey(8, true));
    expect(whole.split("\n").slice(0, 3)).toEqual(["Shift+F8: data store", "slot key                              owner           type  value", "   0 key.0                            owner           LABEL 1000"]);
    expect(whole.match(/key\.\d+/g)).toHaveLength(50);
    expect(world.dump(dumpKey(8, true), 100)).toBe(whole);
    expect(world.harness.output).toBe("");
  });

  it("is for root alone", () => {
    expect(ask(USER, {})).toEqual(fail("EPERM"));
  });

  it.each([{ key: 0 }, { key: 9 }, { key: 25 }, { key: -1 }, { from: -1 }, { size: 3 }])("is refused with %o", (request) => {
    expect(ask(ROOT, request)).toEqual(fail("EINVAL"));
  });

  it("says that an address is bad, and gives nothing behind the last line", () => {
    expect(ask(ROOT, { where: 0x7fffffff })).toEqual(fail("EFAULT"));
    expect(ask(ROOT, { from: 1000 })).toEqual(ok({ bytes: 0, next: 0 }));
  });

  it("says why there is nothing to show", () => {
    world.refusal = "EPERM";
    expect(world.dump(dumpKey(8, true))).toBe("IS: no table 5 of ds: EPERM\n");
  });

  it("is all that it does: another request is refused and noted", () => {
    const sent = world.harness.send(ROOT, newMessage(0x1701));
    expect(messageType(sent[0]?.message as Int32Array)).toBe(errorCode("ENOSYS"));
    expect(world.harness.output).toBe("IS: unknown request 5889 of 80\n");
  });
});
