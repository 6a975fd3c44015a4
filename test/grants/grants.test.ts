import { CPF_MAP, CPF_READ, CPF_WRITE, grantId, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import { encodeExecNewmem, VM_BLOCKID_NONE, vmContract } from "@procyon-os/contract-vm";
import { errorCode } from "@procyon-os/message";
import { scratchBytes, vm as vmStubs } from "@procyon-os/syslib";
import { expect, it } from "vitest";
import { callMessage, CMD } from "../memory/memory-machine.mjs";
import { AT, PAGE, scene, type Agent } from "./scene.ts";

const RWM = CPF_READ | CPF_WRITE | CPF_MAP;
const EPERM = errorCode("EPERM");
const EINVAL = errorCode("EINVAL");

it("[K27] refuses the id of a grant that is gone though its slot is in use again, and takes plain slots of C programs", () => {
  scene(2, {}, function* ([one, two]): Generator<any, any, any> {
    yield* one.mmap(2);
    yield* two.mmap(2);
    const copy = function* (id: number): Generator<any, any, any> { return yield* two.copy("safecopyfrom", one, id, 0, AT, 8); };
    yield* one.direct(3, two, AT, PAGE, CPF_READ);
    expect([yield* copy(3), yield* copy(grantId(3, 1))]).toEqual([0, EPERM]);
    yield* one.direct(3, two, AT, PAGE, CPF_READ, 5);
    expect([yield* copy(3), yield* copy(grantId(3, 4)), yield* copy(grantId(3, 5)), yield* copy(grantId(3, 5) - 2 ** 31)]).toEqual([EPERM, EPERM, 0, EINVAL]);
    yield* one.direct(3, two, AT, PAGE, CPF_READ, 6);
    expect([yield* copy(grantId(3, 5)), yield* copy(grantId(3, 6))]).toEqual([EPERM, 0]);
  });
});

it("[K25] E41: maps more than twenty times, takes all of one grant back at once, and checks alignment", () => {
  scene(2, {}, function* ([one, two], machine): Generator<any, any, any> {
    yield* one.mmap(64);
    yield* two.mmap(64);
    yield* one.write(AT, 64 * PAGE, 20);
    yield* one.direct(0, two, AT, 64 * PAGE, RWM);
    for (let i = 0; i < 64; i++) expect(yield* two.map(one, 0, AT + i * PAGE, PAGE, true, (63 - i) * PAGE)).toBe(0);
    expect(machine.kernel.safemaps.all.length).toBe(64);
    yield* two.write(AT, 1, 10);
    expect(yield* one.peek(AT + 63 * PAGE)).toBe(10);
    expect(yield* two.map(one, 0, AT + 4, PAGE)).toBe(EINVAL);
    expect(yield* two.map(one, 0, AT, PAGE, true, 4)).toBe(EINVAL);
    expect(yield* two.map(one, 0, AT, 100)).toBe(EINVAL);
    expect(yield* one.call("saferevmap", { byGrant: true, what: 0 })).toBe(0);
    expect(machine.kernel.safemaps.all.length).toBe(0);
    yield* two.write(AT, 1, 11);
    expect([yield* one.peek(AT + 63 * PAGE), yield* two.peek(AT)]).toEqual([10, 11]);
  });
});

it("[K25] a map over part of another leaves the rest of it, and each ends by its own address", () => {
  scene(2, {}, function* ([one, two], machine): Generator<any, any, any> {
    yield* one.mmap(8);
    yield* two.mmap(8);
    yield* one.write(AT, 8 * PAGE, 1, PAGE);
    yield* one.direct(0, two, AT, 8 * PAGE, RWM);
    yield* two.map(one, 0, AT, 4 * PAGE);
    yield* two.map(one, 0, AT + PAGE, PAGE, true, 6 * PAGE);
    expect(machine.kernel.safemaps.all.map(({ granteeLinear, bytes }: any) => [(granteeLinear & 0xffff) / PAGE, bytes / PAGE])).toEqual([[0, 1], [2, 2], [1, 1]]);
    expect(yield* two.call("safeunmap", { segment: SEG_D, address: AT })).toBe(0);
    yield* one.write(AT, 8 * PAGE, 100, PAGE);
    const seen: number[] = [];
    for (let page = 0; page < 4; page++) seen.push((yield* two.peek(AT + page * PAGE)) as number);
    const now = (yield* one.peek(AT + 6 * PAGE)) as number;
    expect([seen[1] === now, seen[0] === 100]).toEqual([true, false]);
    expect(yield* one.call("saferevmap", { byGrant: false, what: AT + 6 * PAGE })).toBe(0);
    expect(machine.kernel.safemaps.all.length).toBe(0);
  });
});

it("[K26] every process in a chain of indirect grants may end what was mapped through it, and its death does", () => {
  for (const end of ["first", "middle", "middle dies"] as const) {
    scene(4, {}, function* ([one, two, three, four], machine): Generator<any, any, any> {
      for (const agent of [one, two, three, four]) yield* agent.mmap(2);
      yield* one.write(AT, 2 * PAGE, 20);
      yield* one.direct(1, two, AT, 2 * PAGE, RWM);
      yield* two.indirect(2, three, one, 1);
      yield* three.indirect(3, four, two, 2);
      expect(yield* four.map(three, 3, AT, PAGE)).toBe(0);
      yield* one.write(AT, 1, 30);
      expect(yield* four.peek(AT)).toBe(30);
      if (end === "first") expect(yield* one.call("saferevmap", { byGrant: true, what: 1 })).toBe(0);
      else if (end === "middle") expect(yield* two.call("saferevmap", { byGrant: true, what: 2 })).toBe(0);
      else yield* three.exit();
      yield* one.write(AT, 1, 40);
      expect([yield* four.peek(AT), machine.kernel.safemaps.all.length]).toEqual([30, 0]);
      if (end === "middle dies") expect(yield* four.map(three, 3, AT, PAGE)).toBe(EINVAL);
    });
  }
});

it("[K26] a map of memory that is itself mapped ends with the map below it, also where its holder dies", () => {
  for (const end of ["revoke", "unmap", "death"] as const) {
    scene(3, {}, function* ([one, two, three]): Generator<any, any, any> {
      for (const agent of [one, two, three]) yield* agent.mmap(1);
      yield* one.write(AT, PAGE, 20);
      yield* one.direct(0, two, AT, PAGE, RWM);
      yield* two.direct(0, three, AT, PAGE, RWM);
      expect([yield* two.map(one, 0, AT, PAGE), yield* three.map(two, 0, AT, PAGE)]).toEqual([0, 0]);
      yield* one.write(AT, 1, 30);
      expect(yield* three.peek(AT)).toBe(30);
      if (end === "revoke") yield* one.call("saferevmap", { byGrant: true, what: 0 });
      else if (end === "unmap") yield* two.call("safeunmap", { segment: SEG_D, address: AT });
      else yield* two.exit();
      yield* one.write(AT, 1, 40);
      expect(yield* three.peek(AT)).toBe(30);
    });
  }
});

it("[K26] who dies takes along what was seen through it, and nothing else: its own pages stay with those who see them", () => {
  scene(4, {}, function* ([one, two, three, four], machine): Generator<any, any, any> {
    for (const agent of [one, two, three, four]) yield* agent.mmap(2);
    yield* two.direct(1, three, AT + PAGE, PAGE, RWM);
    yield* two.direct(2, four, AT + PAGE, PAGE, RWM);
    expect([yield* three.map(two, 1, AT + PAGE, PAGE), yield* four.map(two, 2, AT + PAGE, PAGE)]).toEqual([0, 0]);
    yield* one.direct(0, two, AT, PAGE, RWM);
    yield* two.direct(0, three, AT, PAGE, RWM);
    expect([yield* two.map(one, 0, AT, PAGE), yield* three.map(two, 0, AT, PAGE)]).toEqual([0, 0]);
    yield* two.exit();
    yield* one.write(AT, 1, 30);
    yield* four.write(AT + PAGE, 1, 40);
    expect([yield* three.peek(AT), yield* three.peek(AT + PAGE), machine.kernel.safemaps.all.length]).toEqual([0, 40, 0]);
  });
});

it("[K26] what was mapped on stays with the grants by which it is seen, whatever the one in the middle maps over its own view", () => {
  for (const by of ["grant", "address", "middle"] as const) {
    scene(4, {}, function* ([one, two, three, four], machine): Generator<any, any, any> {
      for (const agent of [one, two, three, four]) yield* agent.mmap(2);
      yield* one.write(AT, PAGE, 20);
      yield* one.direct(0, two, AT, PAGE, RWM);
      yield* two.direct(0, three, AT, PAGE, RWM);
      yield* four.direct(0, two, AT, PAGE, RWM);
      expect([yield* two.map(one, 0, AT, PAGE), yield* three.map(two, 0, AT, PAGE), yield* two.map(four, 0, AT, PAGE)]).toEqual([0, 0, 0]);
      yield* one.write(AT, 1, 30);
      expect(yield* three.peek(AT)).toBe(30);
      if (by === "middle") yield* two.exit();
      else yield* one.call("saferevmap", by === "grant" ? { byGrant: true, what: 0 } : { byGrant: false, what: AT });
      yield* one.write(AT, 1, 40);
      expect([yield* three.peek(AT), machine.kernel.safemaps.all.length]).toEqual([30, by === "middle" ? 0 : 1]);
    });
  }
});

it("[K26] a map that was made before its granter saw something else there is not part of that", () => {
  scene(3, {}, function* ([one, two, three], machine): Generator<any, any, any> {
    for (const agent of [one, two, three]) yield* agent.mmap(2);
    yield* two.direct(0, three, AT, PAGE, RWM);
    expect([yield* three.map(two, 0, AT, PAGE), yield* three.map(two, 0, AT + PAGE, PAGE)]).toEqual([0, 0]);
    yield* one.direct(0, two, AT, PAGE, RWM);
    expect(yield* two.map(one, 0, AT, PAGE)).toBe(0);
    expect(yield* one.call("saferevmap", { byGrant: true, what: 0 })).toBe(0);
    yield* three.write(AT, 1, 50);
    expect([yield* three.peek(AT + PAGE), machine.kernel.safemaps.all.length]).toEqual([50, 2]);
  });
});

it("[K26] a map that its grantee has left is over: what it has there later, and maps on, has nothing to do with the grant", () => {
  for (const leave of ["all", "part", "in two calls"] as const) {
    scene(4, {}, function* ([one, two, three, four], machine): Generator<any, any, any> {
      for (const agent of [one, two, three, four]) yield* agent.mmap(2);
      yield* one.direct(0, two, AT, 2 * PAGE, RWM);
      yield* two.direct(0, four, AT, PAGE, RWM);
      expect([yield* two.map(one, 0, AT, 2 * PAGE), yield* four.map(two, 0, AT, PAGE)]).toEqual([0, 0]);
      if (leave === "all") yield* two.munmap(AT, 2);
      else yield* two.munmap(AT, 1);
      if (leave === "in two calls") yield* two.munmap(AT + PAGE, 1);
      const places = (): number[] => machine.kernel.safemaps.all.filter((map: any) => map.grantee === two.endpoint).map(({ granteeLinear, bytes }: any) => ((granteeLinear & 0xffff) + bytes) / PAGE);
      expect(places()).toEqual(leave === "part" ? [2] : []);

      yield* two.mmap(leave === "part" ? 1 : 2);
      yield* two.write(AT, 1, 70);
      yield* two.direct(1, three, AT, PAGE, RWM);
      expect(yield* three.map(two, 1, AT, PAGE)).toBe(0);
      yield* one.write(AT, 1, 30);
      expect(yield* four.peek(AT)).toBe(30); // what was mapped on while it was there stays, and its grants end it
      expect(yield* one.call("saferevmap", { byGrant: true, what: 0 })).toBe(0);
      yield* one.write(AT, 1, 40);
      yield* two.write(AT, 1, 80);
      expect([yield* four.peek(AT), yield* three.peek(AT), machine.kernel.safemaps.all.length]).toEqual([30, 80, 1]);
    });
  }
});

it("[K26] who execs, or gives a page to VM for a while, has left what was mapped there", () => {
  scene(3, {}, function* ([one, two, three], machine): Generator<any, any, any> {
    for (const agent of [one, two, three]) yield* agent.mmap(2);
    for (const [slot, agent] of [two, three].entries()) {
      yield* one.direct(slot, agent, AT, 2 * PAGE, RWM);
      expect(yield* agent.map(one, slot, AT, 2 * PAGE)).toBe(0);
    }
    const image = encodeExecNewmem({
      textAddress: 0x1000, textBytes: 0x3000, dataAddress: 0x5000, dataBytes: 0x8000, totalBytes: 0, argsBytes: 100, separate: false, isElf: true, device: 0,
      inode: 0, ctime: 0, newUid: 0, newGid: 0, setUgid: false, programName: "new",
    });
    expect(yield* vmStubs.execNewmem({ process: two.endpoint as never, arguments: (yield* scratchBytes(image)) as never, size: image.length })).toMatchObject({ ok: true });
    expect(machine.kernel.safemaps.all.map(({ grantee }: any) => grantee)).toEqual([three.endpoint]);

    yield* one.munmap(AT, 2); // three has the pages for itself now, and may give them away
    const block = { address: AT, length: PAGE, getHigh: VM_BLOCKID_NONE, getLow: VM_BLOCKID_NONE, yieldHigh: 0, yieldLow: 1 };
    expect((yield* three.tell(callMessage(CMD.VM, vmContract, "yieldblockgetblock", block)))[1]).toBe(errorCode("ESRCH"));
    expect(machine.kernel.safemaps.all.map(({ bytes }: any) => bytes)).toEqual([PAGE]);
  });
});

it("[K25] either side may die at any moment: while the map is asked for, while it is there, while it is revoked", () => {
  for (const who of [0, 1]) for (const cpus of [1, 2]) for (const moment of ["mapping", "mapped", "revoking"] as const) {
    for (let seed = 1; seed <= 3; seed++) scene(2, { cpus, race: cpus > 1, seed }, function* (agents, machine, rs): Generator<any, any, any> {
      const [one, two] = agents;
      for (const agent of [one, two]) {
        yield* agent.mmap(4);
        yield* agent.write(AT, 4 * PAGE, 5);
      }
      yield* one.direct(0, two, AT, 4 * PAGE, RWM);
      const map = callMessage(CMD.KERNEL, kernelContract, "safemap", { granter: one.endpoint, grant: 0, offset: 0, segment: SEG_D, address: AT, bytes: 4 * PAGE, writable: true });
      const revoke = callMessage(CMD.KERNEL, kernelContract, "saferevmap", { byGrant: true, what: 0 });
      if (moment !== "mapping") yield* two.tell(map);
      if (moment === "mapping") yield* rs.begin(two.endpoint, map);
      else if (moment === "revoking") yield* rs.begin(one.endpoint, revoke);
      const dead = agents[who] as Agent;
      yield* dead.exit();
      const caller = moment === "mapping" ? two : moment === "revoking" ? one : null;
      if (caller !== null && caller !== dead) yield* rs.next();
      yield* (agents[1 - who] as Agent).write(AT, 4 * PAGE, 9);
      expect(machine.kernel.safemaps.all.length).toBe(0);
    });
  }
});

it("[K25] [K26] a grant that is taken back while VM still maps it, or any link of its chain, leaves nothing mapped", () => {
  for (const gone of ["direct", "link"] as const) {
    // VM comes last: everybody else runs before it has mapped anything.
    scene(3, { vmPriority: 12 }, function* ([one, two, three], machine, rs): Generator<any, any, any> {
      for (const agent of [one, two, three]) {
        yield* agent.mmap(2);
        yield* agent.write(AT, 2 * PAGE, 5);
      }
      yield* one.direct(1, two, AT, 2 * PAGE, RWM);
      yield* two.indirect(2, three, one, 1);
      const [maker, slot] = gone === "direct" ? [one, 1] : [two, 2];
      yield* rs.begin(three.endpoint, callMessage(CMD.KERNEL, kernelContract, "safemap", { granter: two.endpoint, grant: 2, offset: 0, segment: SEG_D, address: AT, bytes: PAGE, writable: true }));
      yield* rs.begin(maker.endpoint, callMessage(CMD.KERNEL, kernelContract, "saferevmap", { byGrant: true, what: slot }));
      for (let i = 0; i < 2; i++) expect((yield* rs.next())[1][1]).toBe(0);
      yield* one.write(AT, 1, 99);
      expect(yield* three.peek(AT)).toBe(5);
      expect(machine.kernel.safemaps.all.length).toBe(0);
    });
  }
});
