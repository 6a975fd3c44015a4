// A machine on which the same round of work runs again and again, and what is left of each round: what the job printed, what is on
// the disks, what clients of DS and of a counter saw, which processes there are. A round in which a service dies is compared with
// one in which none does.
import { createHash } from "node:crypto";
import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { clientFiles, counter, counterClient, dsClient, dsMapper, seenBy } from "./clients.mjs";
import { FaultBus } from "./fault-bus.mjs";
import { noise } from "./load.mjs";
import { dataImage, Machine, rootImage } from "./machine.mjs";

/** Pipelines, copies, fork and exec, signals, devices, files made, renamed and removed. Its argument is the round's number. */
const job = `
trap 'echo trapped' USR1
kill -USR1 $$
cp /mnt/data /mnt/copy; cksum </mnt/copy
seq 1 30 | sort -n | tail -n 1 | tr 0-9 a-j
sleep 50 & kill $!; wait $!; echo ended $?
dd if=/dev/zero bs=512 count=2 2>/dev/null | cksum
echo round >/dev/klog; echo nothing >/dev/null
mkdir /mnt/d; echo deep >/mnt/d/f; mv /mnt/d/f /mnt/d/g; cat /mnt/d/g; rm -r /mnt/d; ls /mnt/d 2>/dev/null || echo gone
for i in 1 2 3; do echo line $i; done | tee /mnt/lines | wc -l
cp /mnt/lines /tmp/lines; cmp /mnt/lines /tmp/lines && echo same
echo $1 >>/mnt/journal; echo $1 >>/tmp/journal
sync
`;

/** Files by path with a checksum of what is in them; a folder's is its own. */
function filesOf(image, folder = "", found = {}) {
  for (const { name, status } of image.list(folder === "" ? "/" : folder)) {
    if (name === "." || name === "..") continue;
    const path = `${folder}/${name}`;
    const kind = status.mode & 0o170000;
    if (kind === 0o040000) filesOf(image, path, found);
    else found[path] = kind === 0o100000 ? createHash("sha1").update(image.readFile(path)).digest("hex").slice(0, 12) : status.mode.toString(8);
  }
  return found;
}

/** Machine and load. `victim` is a label; `options` are those of boot(). */
export class Rounds {
  number = 0;
  constructor({ options = {}, packages = [], setUp = [] } = {}) {
    this.bus = new FaultBus();
    this.machine = new Machine(
      [rootImage({ ...clientFiles, "/test/job.sh": job }), dataImage(4, { "/data": noise(9_000) })],
      { bus: this.bus, packages: [counter(1), counter(2), dsClient, dsMapper, counterClient, ...packages], ...options },
    );
    this.bus.kernel = this.machine.system.kernel;
    this.machine.must("mkdir -p /mnt; mount /dev/c0d1 /mnt");
    for (const name of ["counter", "dsclient", "dsmapper", "adder"]) this.machine.must(`service up /test/${name} -config /test/test.conf -label ${name}`);
    for (const line of setUp) this.machine.must(line);
  }

  /** Runs the job once; `plan` says what dies when (see `FaultBus`). What it leaves, as plain data. */
  round(endpoint = null, plan = null) {
    const { machine, bus } = this;
    this.number++;
    const result = { output: "", ending: "", struck: null, clients: {}, traps: 0, own: 0, files: {}, processes: "", problems: [] };
    const before = Object.fromEntries([...seenBy].map(([name, seen]) => [name, { ...seen, errors: [...seen.errors] }]));
    try {
      // What is typed while tty dies may be lost; so the moments lie between the echo of the command and the prompt.
      const from = machine.console.length;
      machine.type(`sh /test/job.sh ${this.number} 2>&1\n`);
      machine.until(() => machine.console.slice(from).includes("2>&1\r\n"), "echo");
      bus.watch(endpoint ?? 0, plan);
      machine.until(() => machine.console.endsWith("\n# "), "end of the job");
      result.traps = bus.traps;
      result.own = bus.own;
      result.struck = bus.struck;
      bus.stop();
      result.output = machine.console.slice(from).replaceAll("\r", "").replace(/^.*\n|# $/g, "");
      machine.pass(plan === null ? 0.3 : 1.6); // longer than a service has to wait for its next start
      machine.system.kernel.check();
    } catch (error) {
      result.struck ??= bus.struck;
      bus.stop();
      const panic = machine.system.ending?.report ?? /panic: .*/.exec(machine.messages.slice(-4000))?.[0];
      result.ending = (panic ?? String(error)).split("\n").slice(0, panic === undefined ? 1 : 3).join(" | ");
      return result;
    }
    this.look(result, before);
    return result;
  }

  /** What there is after a round. */
  look(result, before) {
    const { machine } = this;
    for (const [name, seen] of seenBy) {
      const old = before[name] ?? { done: 0, wrong: 0, lost: 0, errors: [] };
      result.clients[name] = { done: seen.done - old.done, wrong: seen.wrong - old.wrong, lost: seen.lost - old.lost, errors: seen.errors.slice(old.errors.length) };
    }
    for (const [index, keep] of [[0, /^\/(tmp|root|etc)\//], [1, /./]]) {
      const image = openImage(new MemoryStore(machine.disks[index].bytes.slice()));
      for (const [path, sum] of Object.entries(filesOf(image))) if (keep.test(path) && !path.endsWith("/journal")) result.files[`${index}:${path}`] = sum;
      const journal = index === 1 ? "/journal" : "/tmp/journal";
      const lines = image.exists(journal) ? String.fromCharCode(...image.readFile(journal)) : "";
      const right = Array.from({ length: this.number }, (_, i) => `${i + 1}\n`).join("");
      if (lines !== right) result.problems.push(`${index}:${journal}: ${JSON.stringify(lines.slice(-20))} instead of ${JSON.stringify(right.slice(-20))}`);
      if (this.number % 8 === 1 || result.struck !== null) result.problems.push(...image.check().map((line) => `disk ${index}: ${line}`));
    }
    const { slots } = machine.system.kernel.processes;
    result.processes = slots.filter((process) => !process.isFree && !process.isTask).map(({ name }) => name).sort().join();
  }

  /** The endpoint of a service; null where there is none. */
  endpointOf(label) {
    return this.machine.service(label)?.endpoint ?? null;
  }
}
