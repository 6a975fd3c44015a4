// What IPC and kernel calls cost: node bench/kernel.mjs [rounds] [only names that contain this]. Needs `pnpm run build`. ns are the host's,
// over all rounds and in the fastest of the parts that they are cut into (a busy host disturbs some); instructions are the guest's.
import { ANY, DATA_START, NOTIFY, PM, MEM, RECEIVE, RS, SEND, SENDREC, VFS, newMessage } from "../packages/message/dist/index.js";
import { encodeGrant } from "../packages/contracts/kernel/dist/index.js";
import { hostedModule, guestModule, ipc, store, sys } from "../packages/kernel/dist/testing/machine.js";
import { paged } from "../packages/kernel/dist/testing/paged.js";
import { PROCESS_START } from "../packages/kernel/dist/testing/fake-vm.js";
import { CODE, elf, incMemory, loopOver, trap } from "../packages/kernel/dist/testing/guest.js";

const rounds = Number(process.argv[2] ?? 200_000);
const PARTS = 20;
const BUFFER = CODE + 0x400;
const COUNT = CODE + 0x800;

/** Runs until `done()` says so; ns for each of `count` operations, and cycles of the guest. */
function measure(name, modules, done, count) {
  if (!name.includes(process.argv[3] ?? "")) return;
  // With paging: each process has a page table of its own, and copies go through the kernel's windows.
  const { test } = paged(modules, function* (vm) {
    for (const { slot } of modules) yield* vm.move(slot);
  }, function* () {}, { debug: {}, cycles: 1e5 });
  const { kernel } = test;
  const cycles = () => modules.reduce((sum, { slot, program }) => sum + (program.kind === "elf" ? kernel.processes.at(slot).cycles : 0), 0);
  while (done(kernel) < count * 0.2) kernel.run(1e5); // warm
  const [first, start, before] = [done(kernel), process.hrtime.bigint(), cycles()];
  let fastest = Infinity;
  while (done(kernel) - first < count) {
    const [from, at] = [done(kernel), process.hrtime.bigint()];
    while (done(kernel) - from < count / PARTS) {
      const result = kernel.run(1e6);
      if (result.kind !== "running") throw new Error(`${name}: ${result.kind} ${result.report ?? ""}`);
    }
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - at) / (done(kernel) - from));
  }
  const made = done(kernel) - first;
  const ns = Number(process.hrtime.bigint() - start) / made;
  const instructions = (cycles() - before) / made;
  const text = `${name.padEnd(34)} ${ns.toFixed(0).padStart(8)} ns, fastest part ${fastest.toFixed(0).padStart(6)} ns`;
  console.log(instructions === 0 ? text : `${text}, ${instructions.toFixed(1)} guest instructions`);
}

const message = newMessage(1);
let count = 0;
function* pong() {
  let answer = yield* ipc(RECEIVE, ANY);
  for (;;) {
    yield* ipc(SEND, answer.message[0], message);
    answer = yield* ipc(RECEIVE, ANY);
  }
}
function hosted(name, body, others = []) {
  count = 0;
  measure(name, [...others, hostedModule(VFS, "bench", function* () {
    yield* ipc(SENDREC, MEM, message); // the others are ready by then
    for (;;) {
      yield* body();
      count++;
    }
  }), hostedModule(MEM, "start", pong)], () => count, rounds);
}

hosted("round trip, two hosted services", () => ipc(SENDREC, PM, message), [hostedModule(PM, "pong", pong)]);
hosted("kernel call, hosted (getinfo)", () => sys("getinfo", { what: 19, address: 0, maxBytes: 0, process: VFS }));
hosted("kernel call, hosted (times)", () => sys("times", { process: VFS }));
hosted("notify, hosted", () => ipc(NOTIFY, PM), [hostedModule(PM, "sink", function* () { for (;;) yield* ipc(RECEIVE, RS); })]);
for (const bytes of [64, 4096, 65536]) {
  hosted(`safecopy of ${bytes} bytes`, () => sys("safecopyfrom", { process: PM, segment: 1, grant: 0, offset: 0, address: DATA_START, bytes: Math.min(bytes, 0xf000) }), [
    hostedModule(PM, "granter", function* () {
      yield* store(DATA_START, encodeGrant({ kind: "direct", flags: 0x1301 | 0x200, to: VFS, start: DATA_START, length: 0xf000 }));
      yield* sys("setgrant", { table: DATA_START, entries: 1 });
      for (;;) yield* ipc(RECEIVE, RS);
    }),
  ]);
}
/** The counter that a guest keeps, found through its page table. */
function counter(kernel, slot) {
  const { cr3 } = kernel.processes.at(slot);
  const linear = PROCESS_START + COUNT;
  const table = kernel.memory.read32(cr3 + (linear >>> 22) * 4) & ~0xfff;
  const page = kernel.memory.read32(table + ((linear >>> 12) & 0x3ff) * 4) & ~0xfff;
  return kernel.memory.read32((page >>> 0) + (linear & 0xfff));
}
const server = elf(loopOver([...trap(RECEIVE, ANY, BUFFER), ...trap(SEND, VFS, BUFFER)]));
const client = elf(loopOver([...trap(SENDREC, PM, BUFFER), ...incMemory(COUNT)]));
measure("round trip, two guest programs", [guestModule(PM, "server", server), guestModule(VFS, "client", client)], (kernel) => counter(kernel, VFS), rounds);
