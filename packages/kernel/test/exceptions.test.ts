import { DATA_START, MEM, PM, SYSTEM, RECEIVE, errorCode, type GrantId } from "@procyon-os/message";
import { CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, encodeGrant } from "@procyon-os/contract-kernel";
import { expect, it } from "vitest";
import { describeDescriptor } from "../src/debug/describe-registers.ts";
import { CODE, elf, loadEax, movEbx, movEcx } from "../src/testing/guest.ts";
import { ipc, load, store, sys } from "../src/testing/machine.ts";
import { call, scene, wait } from "../src/testing/scene.ts";

it("[K16] keeps a program inside its segments, the kernel's memory too, and prints every register, selector and descriptor", () => {
  // 0x200000 is where the kernel lies: below the program's base, so only a wrapping address could reach it.
  for (const address of [0x100000, 0xfffe0000]) {
    const { printed, log } = scene([[PM, elf([...movEbx(0x77), ...movEcx(0x88), ...loadEax(address)])]], function* (log) {
      yield* ipc(RECEIVE, SYSTEM);
      log.push((yield* sys("getksig", {}))[5]);
    });
    const text = printed.join("");
    expect(log).toEqual([1 << 11]);
    expect(text).toMatch(/g0\(0\): General protection at 0x100a, vector 13, error code 0x0/);
    expect(text).toMatch(/eax 0x0 ebx 0x77 ecx 0x88/);
    expect(text).toMatch(/cs 0x7 RPL 3 index 0 LDT base 0x\w+ size 0x\w+ exec \w*.*DPL 3/);
    expect(text).toMatch(/ss 0xf RPL 3 index 1 LDT base 0x\w+ size 0x\w+ nonexec non-expand-down.*DPL 3/);
  }
});

it("[K16] describes each sort of descriptor", () => {
  expect(describeDescriptor(Uint8Array.of(0xff, 0xff, 0, 0, 0, 0x9a, 0xcf, 0))).toBe("base 0x0 size 0x100000000 exec nonacc DPL 0");
  expect(describeDescriptor(Uint8Array.of(0x0f, 0, 0x34, 0x12, 0, 0x72, 0, 0x80))).toBe("base 0x80001234 size 0x10 16bit notpresent nonexec non-expand-down nonacc DPL 3");
  expect(describeDescriptor(Uint8Array.of(0x0f, 0, 0, 0, 0, 0x82, 0x40, 0))).toBe("base 0x0 size 0x10 system nonacc DPL 0");
  expect(CODE).toBe(0x1000);
});

it("[K23] fills memory through a grant that may be written, and only as far as it goes", () => {
  const { log } = scene([[PM, function* () {
    const flags = CPF_USED | CPF_VALID | CPF_DIRECT;
    yield* store(DATA_START, encodeGrant({ kind: "direct", flags: flags | CPF_WRITE, to: MEM, start: DATA_START + 0x100, length: 16 }));
    yield* store(DATA_START + 36, encodeGrant({ kind: "direct", flags: flags | CPF_READ, to: MEM, start: DATA_START + 0x100, length: 16 }));
    yield* sys("setgrant", { table: DATA_START as never, entries: 2 });
  }], [MEM, function* (log) {
    yield* wait(2);
    const fill = (grant: number, offset: number, bytes: number): ReturnType<typeof call> =>
      call("safememset", { process: PM, pattern: 0x1a5, grant: grant as GrantId, offset, bytes });
    log.push(yield* fill(0, 4, 8), yield* fill(0, 12, 8), yield* fill(1, 0, 4), yield* fill(0, 0, 0), yield* fill(7, 0, 4));
    yield* sys("safecopyfrom", { process: PM, segment: 1, grant: 1 as GrantId, offset: 0, address: DATA_START as never, bytes: 16 });
    log.push([...(yield* load(DATA_START, 16))]);
  }]]);
  const EPERM = errorCode("EPERM");
  expect(log).toEqual([0, EPERM, EPERM, errorCode("EDOM"), EPERM, [0, 0, 0, 0, ...Array.from({ length: 8 }, () => 0xa5), 0, 0, 0, 0]]);
});
