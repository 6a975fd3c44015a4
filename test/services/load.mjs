// The mixed load: shell pipelines, copies of files with checksums, the log and the memory devices; beside it clients of DS and of a
// counter. Each round must print the same.
import { dataImage, Machine, rootImage } from "./machine.mjs";
import { clientFiles, counter, counterClient, dsClient, dumper } from "./clients.mjs";

const loadScript = `
i=0
while [ ! -f /tmp/stop ]; do
  cp /mnt/data /tmp/copy && cksum </tmp/copy
  seq 1 60 | sort -n | tail -n 1 | tr 0-9 a-j
  cat /mnt/data | wc -c
  dd if=/dev/zero bs=512 count=4 2>/dev/null | cksum
  echo round $i >/dev/klog
  echo nothing >/dev/null && cmp /tmp/copy /mnt/data && rm /tmp/copy && echo same
  cp /mnt/data /mnt/copy && cksum </mnt/copy && rm /mnt/copy
  i=$((i+1))
done
echo rounds $i
`;

export function noise(length, seed = 5) {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) bytes[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  return bytes;
}

/** A machine with the counter running, and files for the load. */
export function loadMachine({ options = {}, packages = [], dataBytes = 40_000 } = {}) {
  const machine = new Machine(
    [rootImage({ ...clientFiles, "/test/load.sh": loadScript }), dataImage(12, { "/data": noise(dataBytes) })],
    { packages: [dsClient, counterClient, dumper, counter(1), counter(2), ...packages], ...options },
  );
  machine.must("mkdir -p /mnt; mount /dev/c0d1 /mnt");
  machine.must("service up /sbin/is -label is");
  machine.must("service up /test/counter -config /test/test.conf -label counter");
  return machine;
}

export function startLoad(machine) {
  machine.must("rm -f /tmp/stop");
  machine.must("sh /test/load.sh >/tmp/out 2>/tmp/errors &");
  for (const name of ["dsclient", "adder", "dumper"]) machine.must(`service up /test/${name} -config /test/test.conf -label ${name}`);
}

/** Ends the load: what it has printed, each line once with its count, and what the clients say. */
export function endLoad(machine) {
  machine.must("touch /tmp/stop");
  machine.must("wait");
  const clients = ["dsclient", "adder", "dumper"].map((name) => {
    const from = machine.messages.length;
    machine.must(`service down ${name}`);
    const said = new RegExp(`^${name}: done (\\d+) wrong (\\d+) lost (\\d+) (.*)$`, "m").exec(machine.messages.slice(from));
    if (said === null) throw new Error(`${name} says nothing\n${machine.tail()}`);
    return { name, done: Number(said[1]), wrong: Number(said[2]), lost: Number(said[3]), first: said[4] };
  });
  const lines = machine.must("cat /tmp/out").trim().split("\n");
  const rounds = Number(/^rounds (\d+)$/.exec(lines.pop() ?? "")?.[1] ?? -1);
  const once = [...new Set(lines)];
  const complete = rounds > 0 && lines.length === rounds * 6;
  return { rounds, once, complete, errors: machine.must("cat /tmp/errors"), clients };
}
