// node bench/memory.mjs: what memory costs, on the built packages: host time, virtual time (cycles of the machine), and counts of traps,
// messages, page table loads (TLB flushes) and bytes copied, each per event. Virtual time and counts are the same in every run.
import { CPF_DIRECT, CPF_MAP, CPF_READ, CPF_USED, CPF_VALID, CPF_WRITE, kernelContract, SEG_D } from "@procyon-os/contract-kernel";
import { MAP_ANON, MAP_PREALLOC, vmContract } from "@procyon-os/contract-vm";
import { callMessage, CMD, commandMessage, MemoryMachine } from "../test/memory/memory-machine.mjs";

const AT = 0x90000000;
const PAGE = 4096;
const MB = 1024 * 1024;
const rows = [];

/** Measures what happens in `work`, which is `events` events. */
function* measure(machine, name, events, work) {
  const before = { ...machine.kernel.counters };
  const cycles = machine.kernel.cpus.reduce((most, { time }) => Math.max(most, time), 0);
  const start = performance.now();
  yield* work();
  const us = ((performance.now() - start) * 1000) / events;
  const after = machine.kernel.counters;
  const each = (key) => ((after[key] - before[key]) / events).toFixed(2);
  const time = machine.kernel.cpus.reduce((most, one) => Math.max(most, one.time), 0);
  rows.push({
    what: name, events, "host µs": us.toFixed(1), "kcycles": ((time - cycles) / events / 1000).toFixed(2), traps: each("traps"), messages: each("messagesDelivered"),
    "kernel calls": each("kernelCalls"), "CR3 loads": each("cr3Loads"), switches: each("contextSwitches"), bytes: Math.round((after.bytesCopied - before.bytesCopied) / events),
  });
}

const run = (options, script) => {
  const machine = new MemoryMachine(options, (rs, first) => script(machine, rs, first));
  machine.run();
};
function* mmap(rs, agent, length, flags = MAP_ANON) {
  const answer = yield* rs.command(agent, callMessage(CMD.VM, vmContract, "mmap", { address: AT, length, protection: 3, flags, file: -1, offset: 0 }));
  if (answer[1] !== 0) throw new Error(`mmap: ${answer[1]}`);
}
function* munmap(rs, agent, length) {
  yield* rs.command(agent, callMessage(CMD.VM, vmContract, "munmap", { address: AT, length }));
}
const touch = (length) => commandMessage(CMD.WRITE, AT, length, 1, PAGE);

run({ memoryMb: 64 }, function* (machine, rs, first) {
  const N = 4000;
  const agent = yield* rs.fork(first);
  yield* measure(machine, "nothing: a command and its answer", 2000, function* () {
    for (let i = 0; i < 2000; i++) yield* rs.command(agent, commandMessage(CMD.READ, 0, 0));
  });
  yield* mmap(rs, agent, N * PAGE);
  yield* measure(machine, "page fault: a fresh page", N, function* () {
    yield* rs.command(agent, touch(N * PAGE));
  });
  const child = yield* rs.fork(agent);
  yield* measure(machine, "page fault: copy on write", N, function* () {
    yield* rs.command(child, touch(N * PAGE));
  });
  yield* rs.exit(child);
  yield* measure(machine, "page fault: write access comes back", N, function* () {
    yield* rs.command(agent, touch(N * PAGE));
  });
  yield* munmap(rs, agent, N * PAGE);
  for (const pages of [1, 16, 256]) {
    for (const [what, flags] of [["untouched", MAP_ANON], ["preallocated", MAP_ANON | MAP_PREALLOC]]) {
      yield* measure(machine, `mmap + munmap of ${pages} pages, ${what}`, 300, function* () {
        for (let i = 0; i < 300; i++) {
          yield* mmap(rs, agent, pages * PAGE, flags);
          yield* munmap(rs, agent, pages * PAGE);
        }
      });
    }
  }
});

for (const size of [0, 1, 8, 64]) {
  run({ memoryMb: 128 }, function* (machine, rs, first) {
    const agent = yield* rs.fork(first);
    if (size > 0) {
      yield* mmap(rs, agent, size * MB);
      yield* rs.command(agent, touch(size * MB));
      yield* rs.exit(yield* rs.fork(agent)); // its pages are read-only from here on, as after every fork but the first
    }
    const times = 40;
    yield* measure(machine, `fork + exit of a process of ${size} MB`, times, function* () {
      for (let i = 0; i < times; i++) yield* rs.exit(yield* rs.fork(agent));
    });
  });
}

run({ memoryMb: 128 }, function* (machine, rs, first) {
  const [granter, grantee] = [yield* rs.fork(first, true), yield* rs.fork(first, true)];
  const places = yield* rs.command(granter, commandMessage(CMD.PLACES));
  const most = 4 * MB;
  for (const agent of [granter, grantee]) {
    yield* mmap(rs, agent, most, MAP_ANON | MAP_PREALLOC);
  }
  yield* rs.command(granter, commandMessage(CMD.POKE, places[2], 0, CPF_VALID | CPF_USED | CPF_DIRECT | CPF_READ | CPF_WRITE | CPF_MAP, grantee, AT, most, 0));
  yield* rs.command(granter, callMessage(CMD.KERNEL, kernelContract, "setgrant", { table: places[2], entries: 4 }));
  for (const bytes of [PAGE, 16 * PAGE, 256 * PAGE, most]) {
    const size = bytes >= MB ? `${bytes / MB} MB` : `${bytes / 1024} KB`;
    const times = bytes >= MB ? 10 : 100;
    yield* measure(machine, `safecopy of ${size}`, times, function* () {
      const request = { process: granter, grant: 0, offset: 0, address: AT, bytes, segment: SEG_D };
      for (let i = 0; i < times; i++) {
        const answer = yield* rs.command(grantee, callMessage(CMD.KERNEL, kernelContract, "safecopyfrom", request));
        if (answer[1] !== 0) throw new Error(`safecopy: ${answer[1]}`);
      }
    });
    yield* measure(machine, `safemap + unmap of ${size}`, times, function* () {
      const request = { granter, grant: 0, offset: 0, segment: SEG_D, address: AT, bytes, writable: true };
      for (let i = 0; i < times; i++) {
        const answer = yield* rs.command(grantee, callMessage(CMD.KERNEL, kernelContract, "safemap", request));
        if (answer[1] !== 0) throw new Error(`safemap: ${answer[1]}`);
        yield* rs.command(grantee, callMessage(CMD.KERNEL, kernelContract, "safeunmap", { segment: SEG_D, address: AT }));
      }
    });
  }
});

if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  const names = Object.keys(rows[0]);
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => String(row[name]).length)));
  const line = (cells) => `${cells.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join("  ")}\n`;
  process.stdout.write(line(names));
  for (const row of rows) process.stdout.write(line(names.map((name) => row[name])));
}
