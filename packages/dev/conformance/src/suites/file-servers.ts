import { MemoryStore, openImage } from "@procyon-os/mfs-format";
import { asVfs } from "../calls.ts";
import { same, type Check } from "../check.ts";
import type { Bench } from "../bench.ts";
import { shell, type Suite } from "./suite.ts";

const onDisk = (bench: Bench): Check => ({
  title: "has everything on the disk after a sync",
  run() {
    const { machine } = bench;
    machine.run("mkdir /conf/disk; seq 1 4000 >/conf/disk/numbers; ln /conf/disk/numbers /conf/disk/again; ln -s numbers /conf/disk/link; sync");
    const image = openImage(new MemoryStore(machine.disk.bytes.slice()));
    const numbers = Array.from({ length: 4000 }, (_, index) => `${index + 1}\n`).join("");
    same("/conf/disk/numbers on the disk", String.fromCharCode(...image.readFile("/conf/disk/numbers").subarray(0, 100)), numbers.slice(0, 100));
    same("its length", image.readFile("/conf/disk/again").length, numbers.length);
    machine.run("rm -r /conf/disk; sync");
    same("whether it is there after rm", openImage(new MemoryStore(machine.disk.bytes.slice())).exists("/conf/disk"), false);
  },
});

/** MFS, as the root's file server. */
export const mfsSuite: Suite = {
  label: "fs_imgrd",
  answers: { as: asVfs },
  live: { crashes: 8 },
  job: `
cd /tmp; rm -rf conf; mkdir conf; cd conf
seq 1 800 >big; for i in 1 2 3; do cp big copy$i; cksum <copy$i; done
mkdir d; ln big d/name; mv d/name d/other; ls d; ln -s big s; readlink s
rm copy1; mv copy2 copy3; ls; cksum <copy3
echo more >>big; tail -n 1 big; dd if=/dev/zero of=sparse bs=1 count=1 seek=100000 2>/dev/null; wc -c <sparse
rmdir d 2>/dev/null; echo $?; cd /; rm -r /tmp/conf; ls /tmp/conf 2>&1
`,
  behaviour: (bench) => [
    shell(bench, "keeps files, directories, links and their attributes", [
      ["cd /tmp; seq 1 1000 >m1; cp m1 m2; cmp m1 m2; echo $?; wc -l <m2", "0\n1000\n"],
      ["ln m1 m3; ls -l m1 | tr -s ' ' | cut -d ' ' -f 2; rm m1; wc -l <m3", "2\n1000\n"],
      ["ln -s m3 m4; readlink m4; wc -l <m4; mv m3 m5; cat m4 2>/dev/null; echo $?", "m3\n1000\n1\n"],
      ["chmod 640 m5; ls -l m5 | cut -c 1-10; rm m2 m4 m5; ls m? 2>/dev/null; cd /", "-rw-r-----\n"],
    ]),
    shell(bench, "refuses what a file system has to refuse", [
      ["cd /tmp; mkdir md; >md/x; rmdir md 2>/dev/null; echo $?; rm md/x; rmdir md; echo $?", "1\n0\n"],
      ["mkdir md; mkdir md 2>/dev/null; echo $?; mv md md/x 2>/dev/null; echo $?; rmdir md", "1\n1\n"],
      ["ln /tmp /tmp/l 2>/dev/null; echo $?; rm /tmp 2>/dev/null; echo $?; cd /", "1\n1\n"],
    ]),
    shell(bench, "has holes in files, and gives blocks back", [
      ["a=$(df / | tail -n 1 | tr -s ' '); dd if=/dev/zero of=/tmp/mh bs=1 count=1 seek=200000 2>/dev/null; wc -c </tmp/mh; dd if=/tmp/mh bs=1024 count=1 2>/dev/null | tr -d '\\000' | wc -c", "200001\n0\n"],
      ["rm /tmp/mh; seq 1 5000 >/tmp/mh; rm /tmp/mh; b=$(df / | tail -n 1 | tr -s ' '); test \"$a\" = \"$b\"; echo $?", "0\n"],
    ]),
    onDisk(bench),
  ],
};

/** PFS: what pipes hold. */
export const pfsSuite: Suite = {
  answers: { as: asVfs, always: ["ENOSYS"] }, // it has pipes only: no other calls
  live: { crashes: 6 },
  job: `
seq 1 1000 | cat | cksum
(echo early; sleep 1; echo late) | (sleep 2; cat)
for i in 1 2 3; do echo $i | wc -c; done
yes | head -n 2
`,
  behaviour: (bench) => [
    shell(bench, "holds what is written until it is read", [
      ["(echo a; sleep 1; echo b) | (sleep 2; cat)", "a\nb\n"],
      ["seq 1 5000 | tail -n 1; seq 1 5000 | wc -c", "5000\n23893\n"],
      ["(sleep 1; echo late) | cat; true | cat; echo $?", "late\n0\n"],
    ]),
    shell(bench, "ends who writes where nobody reads", [
      ["yes | head -n 1; (sleep 1; yes; echo $? >/tmp/p2) 2>/dev/null | true; sleep 2; cat /tmp/p2; rm /tmp/p2", "y\n141\n"],
    ]),
    {
      title: "keeps what a pipe holds over an update and over its own death",
      run() {
        const { machine } = bench;
        machine.run("(echo held; sleep 3; echo more) | (sleep 6; cat >/tmp/p3) &");
        machine.pass(1);
        same("update", machine.system.update(bench.label, bench.next(1)), { ok: true });
        machine.run(`kill -9 ${machine.service(bench.label)?.pid}`);
        same("what comes out", machine.run("wait; cat /tmp/p3; rm /tmp/p3"), "held\nmore\n");
      },
    },
  ],
};
