// Parent and child write their shared pages at the same time, on several CPUs: whoever copies late copies too much.
import { MAP_ANON, vmContract } from "@procyon-os/contract-vm";
import { endpointSlot } from "@procyon-os/message";
import { callMessage, CMD, commandMessage, MemoryMachine } from "./memory-machine.mjs";

const AT = 0x90000000;
const PAGES = 24;
const OFFSETS = [0, 1000, 2000];

/** The bytes of a process's page, as its page table says. */
export function bytesAt(machine, endpoint, address, length) {
  const page = address / 4096 + 0x19000;
  const entry = machine.state.processes[endpointSlot(endpoint)].space.tables.get(Math.floor(page) >>> 10).entries[Math.floor(page) & 1023];
  const at = (entry >>> 12) * 4096 + (address % 4096);
  return new Uint8Array(machine.board.memory.buffer, at, length).slice();
}

/** Rounds of fork and simultaneous writes; the number of pages in which a process sees what it must not. */
export function cowRace({ rounds, seed = 1, cpus = 2, race = true, mistake = "none" }) {
  let wrong = 0;
  let copies = 0;
  const machine = new MemoryMachine({ cpus, seed, race, vmPriority: 7, parameters: { vm_mistake: mistake } }, function* (rs, first) {
    yield* rs.command(first, callMessage(CMD.VM, vmContract, "mmap", { address: AT, length: PAGES * 4096, protection: 3, flags: MAP_ANON, file: -1, offset: 0 }));
    for (let round = 0; round < rounds; round++) {
      yield* rs.command(first, commandMessage(CMD.WRITE, AT, PAGES * 4096, 1, 100));
      const before = machine.board.memory.bytes.length > 0 ? Array.from({ length: PAGES }, (_, i) => bytesAt(machine, first, AT + i * 4096, 4096)) : [];
      const family = [first];
      for (let i = 1; i < OFFSETS.length; i++) family.push(yield* rs.fork(first, false, i % cpus));
      for (let i = family.length - 1; i >= 0; i--) yield* rs.begin(family[i], commandMessage(CMD.WRITE, AT + OFFSETS[i], PAGES * 4096 - 4000, 77 + i, 4096));
      for (let left = family.length; left > 0; left--) yield* rs.next();
      machine.check();
      family.forEach((process, who) => {
        for (let i = 0; i < PAGES; i++) {
          const seen = bytesAt(machine, process, AT + i * 4096, 4096);
          if (OFFSETS.some((offset, other) => other !== who && seen[offset] !== before[i][offset])) wrong++;
        }
      });
      for (const child of family.slice(1)) yield* rs.exit(child);
    }
    copies = machine.state.counters.copies;
  });
  machine.run();
  return { wrong, copies };
}
