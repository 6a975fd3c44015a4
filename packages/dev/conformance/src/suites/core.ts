import { vfsContract } from "@procyon-os/contract-vfs";
import { type Endpoint, PM, RS } from "@procyon-os/message";
import { allocate, client, load32, mapMemory, rsLookup, store32, vm } from "@procyon-os/syslib";
import { pmContract } from "@procyon-os/contract-pm";
import { rsContract } from "@procyon-os/contract-rs";
import { holds, same } from "../check.ts";
import { NOBODY } from "../machine.ts";
import { shell, type Suite } from "./suite.ts";

const processes = `
for i in 1 2 3; do sh -c "exit $i"; echo status $?; done
sh -c 'trap "echo caught; exit 5" USR1; kill -USR1 $$; echo not here'; echo $?
(sleep 1 & kill $!; wait $!; echo $?)
seq 1 40 | sort -n | tail -n 1
(echo in a subshell; exit 3) | cat
echo done
`;

/** PM: processes, signals, users. */
export const pmSuite: Suite = {
  answers: { silent: ["exit", "pause", "sigsuspend"] },
  live: { crashes: 6, killable: false },
  job: processes,
  behaviour: (bench) => [
    shell(bench, "gives a parent the status of its child, whether it ended by itself or by a signal", [
      ["sh -c 'exit 7'; echo $?", "7\n"],
      ["sh -c 'kill -9 $$'; echo $?", "Killed\n137\n"],
      ["(sh -c 'exit 3' & wait $!; echo $?)", "3\n"],
      ["true; echo $?; false; echo $?", "0\n1\n"],
    ]),
    shell(bench, "delivers signals to handlers, and leaves ignored ones", [
      [`sh -c 'trap "echo caught" USR1; kill -USR1 $$; echo after'`, "caught\nafter\n"],
      [`sh -c 'trap "" TERM; kill -TERM $$; echo still here'`, "still here\n"],
      ["kill -0 $$; echo $?", "0\n"],
      ["kill -0 29999 2>/dev/null; echo $?", "1\n"],
    ]),
    {
      title: "lets time pass for who sleeps, as long as it says",
      run() {
        const { clock } = bench.machine.system.board;
        const before = clock.now;
        bench.machine.run("sleep 2");
        const seconds = (clock.now - before) / 14_318_180;
        holds("sleep 2 takes 2 to 2.5 s (a tick less at most)", seconds >= 1.98 && seconds < 2.5, seconds);
      },
    },
    {
      title: "knows pids and users, and lets nobody signal what is another's",
      run() {
        const { machine } = bench;
        const pm = client(pmContract, PM);
        const known = machine.act(function* () {
          const own = yield* pm.getPid({});
          const user = yield* pm.getUid({});
          const kill = yield* pm.kill({ pid: 1, signal: 0 });
          return [own.ok ? own.value.pid : own.error, user.ok ? user.value.real : user.error, kill.ok ? "ok" : kill.error];
        }, { uid: NOBODY });
        same("pid, user, and what a signal to init comes to for a stranger", known, [machine.service("client99")?.pid, 99, "EPERM"]);
      },
    },
    shell(bench, "makes many processes, and gives their places back", [
      ["(for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done; wait); echo all", "all\n"],
      ["for i in 1 2 3 4 5 6 7 8 9 10 11 12; do true | true | true; done; echo $?", "0\n"],
    ]),
  ],
};

/** VFS: files by name and descriptor, pipes, devices. */
export const vfsSuite: Suite = {
  answers: { silent: ["select"] },
  live: { crashes: 6 },
  job: `
cd /tmp; rm -rf conf; mkdir conf; cd conf
echo one >a; echo two >>a; cat a | wc -l
exec 3>b; rm b; echo kept >&3; exec 3>&-
seq 1 500 | sort -n | tail -n 1
mkdir d; ln a d/a; mv d/a d/c; cat d/c; ls d
cat /dev/zero | head -c 5000 | wc -c
(sleep 1; echo late) | cat
cksum a; cd /; rm -rf /tmp/conf; ls /tmp/conf 2>&1
`,
  behaviour: (bench) => [
    shell(bench, "opens, makes, appends and cuts files", [
      ["cd /tmp; echo one >v1; echo two >>v1; cat v1", "one\ntwo\n"],
      ["echo new >v1; cat v1; >v1; wc -c <v1", "new\n0\n"],
      ["cat nothing 2>&1", "cat: nothing: No such file or directory\n"],
      ["mkdir vd; (echo x >vd) 2>/dev/null; echo $?; cat vd/x/y 2>/dev/null; echo $?", "1\n1\n"],
      ["rmdir vd; ls -d vd 2>/dev/null; echo $?; rm v1; cd /", "1\n"],
    ]),
    shell(bench, "shares positions between descriptors of one open file, and keeps an unlinked one", [
      ["{ echo a; (echo b); echo c; } >/tmp/v2; cat /tmp/v2", "a\nb\nc\n"],
      ["exec 3>/tmp/v3 4</tmp/v3; rm /tmp/v3; echo kept >&3; cat <&4; exec 3>&- 4<&-", "kept\n"],
      ["sh -c 'echo x >&7' 2>/dev/null; echo $?", "1\n"],
    ]),
    shell(bench, "passes bytes through pipes, ends them, and blocks who reads too early", [
      ["seq 1 3000 | wc -l", "3000\n"],
      ["(sleep 1; echo late) | cat", "late\n"],
      ["yes | head -n 1", "y\n"],
      ["rm -f /tmp/vp; mknod /tmp/vp p; (echo by name >/tmp/vp &) ; cat /tmp/vp; rm /tmp/vp", "by name\n"],
    ]),
    shell(bench, "walks paths: links, dots, the working directory, permissions", [
      ["mkdir /tmp/vw; cd /tmp/vw; pwd; cd ..; pwd; cd /", "/tmp/vw\n/tmp\n"],
      ["ln -s /etc/passwd /tmp/vw/l; cmp /tmp/vw/l /etc/passwd; echo $?; readlink /tmp/vw/l", "0\n/etc/passwd\n"],
      ["ln -s loop /tmp/vw/loop; cat /tmp/vw/loop 2>/dev/null; echo $?; cat /etc/passwd/x 2>/dev/null; echo $?", "1\n1\n"],
      ["umask 077; >/tmp/vw/u; umask 022; ls -l /tmp/vw/u | cut -c 1-10; rm -r /tmp/vw", "-rw-------\n"],
    ]),
    {
      title: "refuses descriptors and addresses that are not the caller's",
      run() {
        const vfs = client(vfsContract, 1 as Endpoint);
        const found = bench.machine.act(function* () {
          const read = yield* vfs.read({ fd: 77, buffer: 0 as never, bytes: 4 } as never);
          const closed = yield* vfs.close({ fd: 77 } as never);
          return [read.ok ? "ok" : read.error, closed.ok ? "ok" : closed.error];
        }, { uid: NOBODY });
        same("read and close of descriptor 77", found, ["EBADF", "EBADF"]);
      },
    },
  ],
};

/** VM: memory of processes. */
export const vmSuite: Suite = {
  live: { crashes: 4, killable: false },
  job: `
x=parent; (x=child; echo $x); echo $x
for i in 1 2 3; do seq 1 200 | sort -n | tail -n 1; done
dd if=/dev/zero bs=65536 count=4 2>/dev/null | cksum
echo done
`,
  behaviour: (bench) => [
    shell(bench, "gives a child its own copy of the parent's memory", [
      ["x=before; (x=after; echo $x); echo $x", "after\nbefore\n"],
      ["f() { x=$((x+1)); }; x=1; (f; f; echo $x); f; echo $x", "3\n2\n"],
    ]),
    {
      title: "maps zeroed memory, keeps what is written, and takes it back",
      run() {
        const found = bench.machine.act(function* () {
          const at = (yield* mapMemory(3 * 4096)) as number;
          const fresh = yield* load32(at + 8192);
          yield* store32(at + 8192, 4711);
          const kept = yield* load32(at + 8192);
          const cell = yield* allocate(8);
          yield* store32(cell, 7);
          const unmapped = yield* vm.munmap({ address: at as never, length: 3 * 4096 });
          const again = yield* vm.munmap({ address: at as never, length: 3 * 4096 });
          return [fresh, kept, yield* load32(cell), unmapped.ok, again.ok ? "ok" : again.error];
        });
        same("fresh memory, what was written, the heap, munmap, munmap again", found, [0, 4711, 7, true, "EFAULT"]);
      },
    },
    {
      title: "has as much free memory after a job as before, and every page one use",
      run() {
        const { machine } = bench;
        const free = (): number => Number(/free\s+\d+ KB\s+(\d+) pages/.exec(machine.run("memstat"))?.[1]);
        const job = (): string => machine.run("seq 1 500 | sort -n | tail -n 1; (sleep 1 & wait)");
        for (let i = 0; i < 3; i++) job();
        const before = free();
        for (let i = 0; i < 5; i++) job();
        same("free pages", free(), before);
        holds("memstat --check", machine.run("memstat --check | tail -n 1").includes("every page has exactly one use"));
      },
    },
    shell(bench, "ends a program that touches what is not its own, and nobody else", [
      ["(sleep 1 & sh -c 'kill -SEGV $$'; echo $?; wait $!; echo $?)", "139\n0\n"],
    ]),
  ],
};

/** RS: services come, go, and come back. */
export const rsSuite: Suite = {
  answers: {},
  live: { crashes: 4, killable: false },
  files: { "/conf/unit": "#!hosted @procyon-os/probe\n", "/conf/gone": "#!hosted @procyon-os/nobody\n", "/conf/unit.conf": "service unit { uid 0; };\nservice gone { uid 0; };\n" },
  job: `
service up /conf/unit -config /conf/unit.conf -label unit
service lookup unit >/dev/null; echo $?
service refresh unit; echo $?
service lookup ds
service down unit; echo $?
service lookup unit >/dev/null 2>&1; echo $?
`,
  behaviour: (bench) => [
    shell(bench, "starts and ends services, and says what is wrong", [
      ["service up /conf/unit -config /conf/unit.conf -label unit; echo $?", "0\n"],
      ["service up /conf/unit -config /conf/unit.conf -label unit 2>/dev/null; echo $?", "16\n"],
      ["service down unit; echo $?; service down unit 2>/dev/null; echo $?", "0\n3\n"],
      ["service up /conf/none/unit -config /conf/unit.conf -label unit 2>/dev/null; echo $?", "2\n"],
      ["service up /conf/gone -config /conf/unit.conf -label unit 2>/dev/null; echo $?", "2\n"],
      ["service lookup ds; service lookup nobody 2>/dev/null; echo $?", "6\n3\n"],
    ]),
    {
      title: "starts a service again that was killed, under its label",
      run() {
        const { machine } = bench;
        machine.run("service up /conf/unit -config /conf/unit.conf -label unit -period 1HZ");
        const before = machine.service("unit");
        machine.run(`kill -9 ${before?.pid}`);
        machine.pass(70); // whatever a policy lets it rest
        holds("there is a service unit", machine.service("unit") !== null);
        same("service down", machine.run("service down unit; echo $?"), "0\n");
      },
    },
    {
      title: "lets everybody look, and root alone change something",
      run() {
        const rs = client(rsContract, RS);
        const found = bench.machine.act(function* () {
          const looked = yield* rsLookup("ds");
          const shutdown = yield* rs.shutdown({});
          return [looked.ok ? looked.value : looked.error, shutdown.ok ? "ok" : shutdown.error];
        }, { uid: NOBODY });
        same("lookup of ds, shutdown", found, [6, "EPERM"]);
      },
    },
    {
      title: "updates a service that is asked for, and leaves it where the new version fails",
      run() {
        const { machine } = bench;
        machine.run("service up /conf/unit -config /conf/unit.conf -label unit");
        const before = machine.service("unit");
        same("service update self", machine.run("service update self -label unit; echo $?"), "0\n");
        same("the service", machine.service("unit"), before);
        holds("a package that is not there", machine.run("service update unit --package nobody@1.0.0 2>/dev/null; echo $?") !== "0\n");
        same("the service after that", machine.service("unit"), before);
        machine.run("service down unit");
      },
    },
  ],
};
