// A machine on which the same round of work runs again and again, and what is left of each round: what the job printed, what is on
// the disks, what clients of DS and of a counter saw, which processes there are. A round in which a service dies is compared with
// one in which none does.
import { createHash } from "node:crypto";
import { defaultServices } from "@procyon-os/emulator";
import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { withPolicy } from "@procyon-os/rs";
import { clientFiles, counter, counterClient, dsClient, dsMapper, dumper, seenBy } from "./clients.mjs";
import { FaultBus } from "./fault-bus.mjs";
import { noise } from "./load.mjs";
import { dataImage, Machine, rootImage } from "./machine.mjs";

/** Pipelines, copies, fork and exec, signals, devices, files made, renamed and removed. Its argument is the round's number. */
const job = `
trap 'echo trapped' USR1
kill -USR1 $$; echo trapped >/dev/klog
cp /mnt/data /mnt/copy; cksum </mnt/copy
seq 1 30 | sort -n | tail -n 1 | tr 0-9 a-j; echo sorted >/dev/klog
sleep 50 & kill $!; wait $!; echo ended $?
dd if=/dev/zero bs=512 count=2 2>/dev/null | cksum
echo round >/dev/klog; echo nothing >/dev/null
mkdir /mnt/d; echo deep >/mnt/d/f; mv /mnt/d/f /mnt/d/g; cat /mnt/d/g; rm -r /mnt/d; ls /mnt/d 2>/dev/null || echo gone; echo gone >/dev/klog
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

/** RS whose policy is to replace at once whatever has died, however often: so several deaths have room in one round. */
export const patient = withPolicy(defaultServices.rs, { backoffPeriods: () => 0 });

/** Machine and load. `options` are those of boot(); with `atOnce` RS knows no back-off. */
export class Rounds {
  number = 0;
  /** The processes after a round without a death. */
  atRest = null;
  constructor({ options = {}, packages = [], setUp = [], atOnce = false } = {}) {
    this.atOnce = atOnce;
    this.bus = new FaultBus();
    this.machine = new Machine(
      [rootImage({ ...clientFiles, "/test/job.sh": job }), dataImage(4, { "/data": noise(9_000) })],
      {
        bus: this.bus, packages: [counter(1), counter(2), dsClient, dsMapper, counterClient, dumper, ...packages],
        ...(atOnce ? { services: { rs: patient } } : {}), ...options,
      },
    );
    this.bus.kernel = this.machine.system.kernel;
    this.machine.must("mkdir -p /mnt; mount /dev/c0d1 /mnt");
    this.machine.must("service up /sbin/is -label is");
    for (const name of ["counter", "dsclient", "dsmapper", "adder", "dumper"]) this.machine.must(`service up /test/${name} -config /test/test.conf -label ${name}`);
    for (const line of setUp) this.machine.must(line);
  }

  /** Runs the job once; `plans` say when the service at an endpoint dies (see `FaultBus`). What it leaves, as plain data. */
  round(endpoint = null, plans = null) {
    const { machine, bus } = this;
    this.number++;
    const result = { output: "", ending: "", struck: null, done: [], clients: {}, traps: 0, own: 0, files: {}, processes: "", problems: [] };
    const before = Object.fromEntries([...seenBy].map(([name, seen]) => [name, { ...seen, errors: [...seen.errors] }]));
    try {
      // What is typed while tty dies may be lost; so the moments lie between the echo of the command and the prompt.
      const from = machine.console.length;
      machine.type(`sh /test/job.sh ${this.number} 2>&1\n`);
      machine.until(() => machine.console.slice(from).includes("2>&1\r\n"), "echo");
      bus.watch(endpoint ?? 0, plans);
      machine.until(() => machine.console.endsWith("# "), "end of the job");
      result.traps = bus.traps;
      result.own = bus.own;
      result.struck = bus.struck;
      result.done = bus.done;
      bus.stop();
      result.output = machine.console.slice(from).replaceAll("\r", "").replace(/^.*\n|(# )+$/g, "");
      this.settle(plans !== null);
      machine.system.kernel.check();
    } catch (error) {
      result.struck ??= bus.struck;
      result.done = bus.done;
      bus.stop();
      const panic = machine.system.ending?.report ?? /panic: .*/.exec(machine.messages.slice(-4000))?.[0];
      result.ending = (panic ?? String(error)).split("\n").slice(0, panic === undefined ? 1 : 3).join(" | ");
      return result;
    }
    this.look(result, before);
    return result;
  }

  /** Runs the job beside something else: what both come to. */
  beside(act) {
    const { machine } = this;
    machine.must("sh /test/job.sh 0 >/tmp/out 2>&1 &");
    const value = act();
    machine.must("wait");
    machine.must("grep -v '^0$' /tmp/journal >/tmp/j; cp /tmp/j /tmp/journal; grep -v '^0$' /mnt/journal >/tmp/j; cp /tmp/j /mnt/journal; rm /tmp/j");
    return { value, output: machine.must("cat /tmp/out; rm /tmp/out") };
  }

  /** Lets the machine come to rest; after a death for as long as a service has to wait for its next start. */
  settle(struck) {
    const { machine, bus } = this;
    if (!this.atOnce) return machine.pass(struck ? 1.6 : 0.3);
    for (let tenths = 0; !bus.isWhole(); tenths++) {
      if (tenths === 50) throw new Error(`${bus.victim.name} is not replaced within five seconds`);
      machine.pass(0.1);
    }
    machine.pass(0.3);
    // A request that was lost with its driver is made again within a second.
    for (let time = 0; time < 4 && this.atRest !== null && this.processes() !== this.atRest; time++) machine.pass(0.5);
    if (!struck) this.atRest = this.processes();
  }

  /** The names of all processes. */
  processes() {
    const { slots } = this.machine.system.kernel.processes;
    return slots.filter((process) => !process.isFree && !process.isTask).map(({ name }) => name).sort().join();
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
    result.processes = this.processes();
  }

  /** The endpoint of a service; null where there is none. */
  endpointOf(label) {
    return this.machine.service(label)?.endpoint ?? null;
  }
}
