import { BDEV_R_BIT, BDEV_W_BIT, blockContract, blockPositionFields } from "@procyon-os/contract-block";
import { m10, m2, i32, messageType, type Endpoint, type GrantId, type Message, type Program } from "@procyon-os/message";
import { allocate, client, grantDirect, load, revoke, store } from "@procyon-os/syslib";
import { BDEV_REPLY } from "@procyon-os/contract-block";
import type { Bench } from "../bench.ts";
import { holds, same, type Check } from "../check.ts";
import { shell, type Suite } from "./suite.ts";

const TASK_REPLY = 121;
const DEV_REPLIES = [0x502, 0x505, 0x506, 0x509];
const SELECT_REPLY = 0x507;
const REOPEN = 0x505;
const statusAt = m2.i2(i32);

/** A character driver's answer: its status field, whichever way it answers. */
function charResult(reply: Message): number {
  const type = messageType(reply);
  return type === TASK_REPLY || type === SELECT_REPLY || type === REOPEN || DEV_REPLIES.includes(type) ? statusAt.read(reply) : type;
}
const blockStatus = m10.i1(i32);
const blockResult = (reply: Message): number => (messageType(reply) === BDEV_REPLY ? blockStatus.read(reply) : messageType(reply));

const CRYSTAL_HZ = 14_318_180;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const ERASE = "\b";

/** What the console shows for typed text, up to the next prompt. */
function typed(bench: Bench, text: string, ...more: readonly (readonly [after: string, text: string])[]): string {
  const { machine } = bench;
  const from = machine.console.length;
  const type = (one: string): void => machine.system.type(Uint8Array.from(one, (character) => character.charCodeAt(0)));
  type(text);
  for (const [after, next] of more) {
    machine.until(() => machine.console.slice(from).includes(after), `${JSON.stringify(after)} on the console`);
    machine.pass(0.2);
    type(next);
  }
  machine.until(() => machine.console.endsWith("\n# ") && machine.console.length > from + 2, "prompt");
  return machine.console.slice(from).replaceAll("\r", "");
}
const shows = (what: string, found: string, wanted: string): void => holds(`${what} shows ${JSON.stringify(wanted)}`, found.includes(wanted), found);

const editing = (bench: Bench): Check => ({
  title: "edits a line: erase, kill, end of file",
  run() {
    shows("a line with ^H", typed(bench, `echo helxx${ERASE}${ERASE}lo\n`), "\nhello\n");
    shows("a line after ^U", typed(bench, `no such thing${CTRL_U}echo killed\n`), "\nkilled\n");
    shows("cat until ^D", typed(bench, "cat; echo =$?=\n", ["cat; echo =$?=\r\n", `line one\n${CTRL_D}`]), "line one\n=0=");
  },
});

const modes = (bench: Bench): Check => ({
  title: "echoes what is typed unless it is told not to, and puts CR before NL",
  run() {
    const { machine } = bench;
    shows("an echo command", typed(bench, "echo seen\n"), "echo seen\nseen\n");
    holds("output has CR NL", machine.console.includes("seen\r\n"));
    machine.run("stty -echo");
    const from = machine.console.length;
    machine.system.type(Uint8Array.from("echo unseen; stty echo\n", (character) => character.charCodeAt(0)));
    machine.until(() => machine.console.slice(from).endsWith("unseen\r\n# "), "output without echo");
    same("what is shown without echo", machine.console.slice(from).replaceAll("\r", ""), "unseen\n# ");
    shows("and with echo again", typed(bench, "echo seen\n"), "echo seen\nseen\n");
  },
});

const interrupts = (bench: Bench): Check => ({
  title: "makes SIGINT of ^C, and keeps what is typed ahead",
  run() {
    const { machine } = bench;
    const { clock } = machine.system.board;
    const start = clock.now;
    shows("sleep 60 and ^C", typed(bench, "sleep 60; echo =$?=\n", ["$?=\r\n", CTRL_C]), "^C\n# ");
    holds("^C ends sleep at once", clock.now - start < 5 * CRYSTAL_HZ, `${((clock.now - start) / CRYSTAL_HZ).toFixed(1)} s`);
    const trap = "sh -c 'trap \"echo caught it; exit 9\" INT; echo ready; sleep 60 & wait'; echo =$?=\n";
    shows("a program with a handler", typed(bench, trap, ["\r\nready\r\n", CTRL_C]), "\n^Ccaught it\n=9=\n");
    const from = machine.console.length;
    machine.system.type(Uint8Array.from("sleep 1\necho ahead\n", (character) => character.charCodeAt(0)));
    machine.until(() => machine.console.slice(from).endsWith("ahead\r\n# "), "output of what was typed during sleep");
  },
});

const halfALine = (bench: Bench): Check => ({
  title: "keeps half a line over an update and over its own death",
  run() {
    const { machine } = bench;
    const type = (text: string): void => {
      machine.system.type(Uint8Array.from(text, (character) => character.charCodeAt(0)));
      machine.pass(0.2);
    };
    const from = machine.console.length;
    type("echo ha");
    same("update", machine.system.update(bench.label, bench.next(1)), { ok: true });
    type("lf a l");
    bench.watch.crashAt = bench.watch.traps + 1;
    type("ine\n");
    machine.pass(3);
    shows("the line", machine.console.slice(from).replaceAll("\r", ""), "\nhalf a line\n");
  },
});

/** TTY: the lines, and the line discipline. */
export const ttySuite: Suite = {
  answers: { result: charResult, leaveOut: ["cancel"], notZeros: ["open", "close"] }, // of the console's: it would belong to another process
  live: { crashes: 6 },
  job: `
for i in 1 2 3 4 5 6; do echo line $i >/dev/tty01; done
stty -a </dev/tty01 | wc -l
seq 1 60 >/dev/tty01; echo $?
ls -l /dev/console /dev/tty01 | wc -l
`,
  behaviour: (bench) => [editing(bench), modes(bench), interrupts(bench), halfALine(bench)],
};

/** LOG: the kernel's messages, and what is written to it. */
export const logSuite: Suite = {
  answers: { result: charResult, silent: ["cancel"] },
  live: { crashes: 4 },
  job: `
for i in 1 2 3; do echo message $i >/dev/klog; echo $?; done
dd if=/dev/klog bs=60000 count=1 2>/dev/null | wc -l | grep -c '[0-9]'
`,
  behaviour: (bench) => [
    {
      title: "keeps what is written to it until it is read, over an update and over its own death",
      run() {
        const { machine, label } = bench;
        const write = (text: string): void => void machine.run(`echo ${text} >/dev/klog`);
        const read = (): string[] => machine.run("dd if=/dev/klog bs=60000 count=1 2>/dev/null").split("\n"); // what is read is gone
        write("said before the update");
        same("update", machine.system.update(label, bench.next(1)), { ok: true });
        holds("what was written before an update can be read after it", read().includes("said before the update"));
        write("said before its death");
        machine.run(`kill -9 ${machine.service(label)?.pid}`);
        machine.pass(2);
        write("said after its death");
        holds("what was written before its death can be read after it", read().includes("said before its death"));
      },
    },
  ],
};

/** MEMORY: null, zero, RAM disks. */
export const memorySuite: Suite = {
  answers: { result: charResult, silent: ["cancel"] },
  live: { crashes: 4 },
  job: `
for i in 1 2 3 4; do dd if=/dev/zero bs=3000 count=2 2>/dev/null | cksum; done
wc -c </dev/null; seq 1 100 >/dev/null; echo $?
cat /dev/zero | head -n 0; echo $?
`,
  behaviour: (bench) => [
    shell(bench, "gives zeros from /dev/zero, nothing from /dev/null, and takes what is written to both", [
      ["dd if=/dev/zero bs=5000 count=1 2>/dev/null | wc -c", "5000\n"],
      ["dd if=/dev/zero bs=100 count=1 2>/dev/null | tr -d '\\000' | wc -c", "0\n"],
      ["wc -c </dev/null; echo x >/dev/null; echo $?; echo x >/dev/zero; echo $?", "0\n0\n0\n"],
      ["cmp /dev/null /etc/nothing 2>/dev/null; cat /dev/null; echo $?", "0\n"],
    ]),
  ],
};

/** A request to a block driver with memory of the client, and what is in the memory then. */
function* transfer(driver: Endpoint, what: "read" | "write", position: number, count: number, bytes = new Uint8Array(Math.max(count, 1)), minor = 0): Program<{ result: number | string; bytes: Uint8Array }> {
  const disk = client(blockContract, driver);
  const at = yield* allocate(bytes.length);
  yield* store(at, bytes);
  const grant = (yield* grantDirect(driver, at, bytes.length, what === "read" ? 2 : 1)) as GrantId;
  const done = yield* disk[what]({ minor, grant, flags: 0, id: 5, count, ...blockPositionFields(position) });
  yield* revoke(grant);
  return { result: done.ok ? (done.value.id === 5 ? done.value.status : "an answer with another id") : done.error, bytes: yield* load(at, bytes.length) };
}

const diskOf = (bench: Bench): Uint8Array => bench.machine.disk.bytes;
const blockChecks = (bench: Bench): Check[] => {
  const driver = (): Endpoint => bench.machine.service(bench.label)?.endpoint as Endpoint;
  const open = (at: Endpoint) => client(blockContract, at).open({ minor: 0, access: BDEV_R_BIT | BDEV_W_BIT, id: 1 });
  return [
    {
      title: "reads and writes sectors of the disk",
      run() {
        const at = driver();
        const size = diskOf(bench).length;
        const pattern = Uint8Array.from({ length: 1024 }, (_, index) => (index * 7) & 0xff);
        const found = bench.machine.act(function* () {
          yield* open(at);
          const superblock = yield* transfer(at, "read", 1024, 512);
          const written = yield* transfer(at, "write", size - 1024, 1024, pattern);
          const again = yield* transfer(at, "read", size - 1024, 1024);
          return { superblock, written: written.result, again };
        });
        same("reading the superblock", [found.superblock.result, [...found.superblock.bytes]], [512, [...diskOf(bench).subarray(1024, 1536)]]);
        same("writing the last two sectors, and reading them", [found.written, found.again.result, [...found.again.bytes]], [1024, 1024, [...pattern]]);
        same("the disk itself", [...diskOf(bench).subarray(size - 1024)], [...pattern]);
      },
    },
    {
      title: "ends a transfer at the end of the disk, and refuses what is no sector, no disk and no grant",
      run() {
        const at = driver();
        const size = diskOf(bench).length;
        const found = bench.machine.act(function* () {
          yield* open(at);
          const atEnd = yield* transfer(at, "read", size - 512, 2048);
          const behind = yield* transfer(at, "read", size, 512);
          const odd = yield* transfer(at, "read", 1, 512);
          const half = yield* transfer(at, "read", 0, 100);
          const negative = yield* transfer(at, "read", 0, -512);
          const nowhere = yield* transfer(at, "read", 0, 512, undefined, 200);
          const short = yield* transfer(at, "read", 0, 2048, new Uint8Array(512));
          return [atEnd, behind, odd, half, negative, nowhere, short].map(({ result }) => result);
        });
        const names = ["at the end", "behind the end", "between sectors", "half a sector", "a negative count", "of a disk that is not there", "into a grant that is too short"];
        const codes: readonly (readonly (number | string)[])[] = [[512], [0], [-22], [-22], [-22], [-6, -41], [-1, -14, -5]];
        found.forEach((result, index) => holds(`a read ${names[index]} gives ${codes[index]?.join(" or ")}`, codes[index]?.includes(result) === true, result));
      },
    },
  ];
};

/** at_wini: the ATA disks. */
export const atWiniSuite: Suite = {
  label: "at_wini_0",
  answers: { result: blockResult },
  live: { crashes: 6, keepsState: false },
  job: `
cd /tmp; seq 1 1000 >conf1; sync; cksum <conf1
for i in 1 2; do cp conf1 conf$i.copy; sync; cksum <conf$i.copy; done
dd if=/dev/c0d0 bs=1024 count=64 2>/dev/null | wc -c
rm conf1 conf?.copy; sync; echo done
`,
  behaviour: blockChecks,
};
