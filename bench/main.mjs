// How fast the system is on this host. Each figure is the median of several runs; `pnpm bench` runs this on the built packages.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadRootImage } from "@procyon-os/userland";
import { Machine, dataImage, rootImage } from "./machine.mjs";

const RUNS = 5;
const FILE_BYTES = 4 << 20;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const times = (use) => Array.from({ length: RUNS }, (_, index) => use(index));
const rate = ({ count, seconds }) => count / seconds;

function show(name, values, unit, how) {
  const format = (value) => (value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3));
  console.log(`${name.padEnd(30)} ${format(median(values)).padStart(12)} ${unit.padEnd(15)} (${format(Math.min(...values))} to ${format(Math.max(...values))}; ${how})`);
}

const bootOnce = fileURLToPath(new URL("boot-once.mjs", import.meta.url));
show("boot to prompt", times(() => Number(execFileSync(process.execPath, [bootOnce], { encoding: "utf8" }))), "s",
  "a new node process each time, from its start to the prompt");
show("boot to prompt, warm", times(() => {
  const before = performance.now();
  new Machine([loadRootImage()]).prompt();
  return (performance.now() - before) / 1000;
}), "s", "again in one process, from boot() to the prompt");

const machine = new Machine([rootImage(["compute", "calls"]), dataImage(RUNS + 1, FILE_BYTES)]);
machine.measure("/bench/compute"); // warms the host's compiler
show("guest instructions", times(() => rate(machine.measure("/bench/compute")) / 1000), "million/s",
  "sieve, sort and checksum in C; counted by the guest's time stamp counter");
machine.measure("/bench/calls getpid 5000");
show("getpid()", times(() => rate(machine.measure("/bench/calls getpid 10000"))), "calls/s", "10,000 calls in a loop");
machine.measure("/bench/calls fork 100");
show("fork+wait", times(() => rate(machine.measure("/bench/calls fork 200"))), "pairs/s", "200 children that exit at once, one after the other");
machine.run("mkdir -p /mnt; mount /dev/c0d1 /mnt");
machine.measure(`/bench/calls read /mnt/${RUNS}`);
show("sequential read", times((index) => rate(machine.measure(`/bench/calls read /mnt/${index}`)) / 1e6), "MB/s",
  "a 4 MiB file on the second ATA disk, never read before, 64 KiB at a time");
show("sequential read, again", times(() => rate(machine.measure("/bench/calls read /mnt/0")) / 1e6), "MB/s", "a 4 MiB file for the second time, 64 KiB at a time");
show("sequential write", times((index) => rate(machine.measure(`/bench/calls write /mnt/new${index % 2} 4096`)) / 1e6), "MB/s", "4 MiB into a file, 64 KiB at a time");
machine.run("mkdir /mnt/d");
show("small files", times(() => rate(machine.measure("/bench/calls create /mnt/d 200"))), "files/s", "files of 1 KiB created, the 20th before removed");
