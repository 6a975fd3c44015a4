import { encodeFdSet, encodeTimeval } from "@procyon-os/contract-vfs";
import { CLOCK, TTY, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { describe, expect, it } from "vitest";
import { INIT, World, type KillPlan } from "../test/world.ts";
import { FakeTty } from "../test/fake-tty.ts";
import { elf, frame } from "../test/programs.ts";

// VFS is killed before each of its traps in turn; what everybody sees must be what they see when it lives.

const CHILD = (36_558 * 2 + 20) as Endpoint;
const at = (address: number): VirtAddr => address as VirtAddr;
type Play = (world: World, see: (what: unknown) => void) => void;

function stage(plan?: KillPlan): World {
  const world = new World({}, plan).mountRoot();
  world.terminal = new FakeTty(() => world.harness);
  world.root.add("/file", 0o100644, "abcdefgh");
  world.root.add("/d", 0o040755);
  world.root.add("/d/link", 0o120777, "/file");
  world.root.add("/fifo", 0o010666);
  world.root.add("/prog", 0o100755, elf("machine code"));
  world.root.add("/script", 0o100755, "#! /prog -x\n");
  world.pm("fork", { process: CHILD, parent: INIT, pid: 20 });
  return world;
}

/** What a file server holds: names, contents and references. */
const contents = (fs: World["root"]) => [...fs.nodes.values()].map(({ number, mode, bytes, entries, references }) => ({
  number, mode, bytes: String.fromCharCode(...bytes), entries: [...entries], references,
}));

function look(world: World): unknown {
  const { toPm, signals, terminal, root, pipes } = world;
  return { toPm, signals, output: terminal?.output, root: contents(root), pipes: contents(pipes) };
}

const plays: { readonly [name: string]: Play } = {
  "files made, written, moved, read, cut and removed": (world, see) => {
    see(world.open(INIT, "/d/new", 0o302));
    see(world.write(INIT, 0, "hello "));
    see(world.write(INIT, 0, "world"));
    see(world.call(INIT, "lseek", { fd: 0, offset: -5, whence: 2 }));
    see(world.read(INIT, 0, 99));
    see(world.open(INIT, "/d/new", 0o301));
    see(world.open(INIT, "/d/link", 0o2001));
    see(world.write(INIT, 1, "END"));
    see(world.call(INIT, "ftruncate", { fd: 1, size: 9, ...({} as object) } as never));
    see(world.call(INIT, "fstat", { fd: 1, buffer: at(0x5000) }));
    see(world.call(INIT, "mkdir", { ...world.path1(INIT, "/d/sub"), mode: 0o755 } as never));
    see(world.call(INIT, "rename", world.twoPaths(INIT, "/d/new", "/d/sub/moved")));
    see(world.call(INIT, "chmod", { ...world.path3(INIT, "/d/sub/moved"), mode: 0o600 }));
    see(world.call(INIT, "chdir", world.path3(INIT, "/d/sub")));
    see(world.open(INIT, "moved", 0));
    see(world.read(INIT, 2, 4));
    see(world.call(INIT, "dup", { fd: 2, fd2: 0 }));
    see(world.call(INIT, "unlink", world.path3(INIT, "moved")));
    for (const fd of [0, 1, 2, 3]) see(world.call(INIT, "close", { fd }));
    see(world.call(INIT, "chdir", world.path3(INIT, "/")));
  },
  "pipes between processes": (world, see) => {
    see(world.call(INIT, "pipe", {}));
    world.pm("fork", { process: (CHILD + 1) as Endpoint, parent: INIT, pid: 21 });
    const other = (CHILD + 1) as Endpoint;
    see(world.read(INIT, 0, 10));
    see(world.write(other, 1, "through"));
    see(world.lateRead(INIT));
    see(world.call(other, "write", { fd: 1, count: 40_000, buffer: at(0x4000) }));
    for (let i = 0; i < 3; i++) see(world.read(INIT, 0, 20_000)?.length);
    see(world.late(other, "write"));
    see(world.call(INIT, "close", { fd: 1 }));
    see(world.read(INIT, 0, 10));
    world.pm("exit", { process: other });
    see(world.lateRead(INIT));
    see(world.call(INIT, "close", { fd: 0 }));
    see(world.open(INIT, "/fifo", 0));
    see(world.open(CHILD, "/fifo", 1));
    see(world.late(INIT, "open"));
    see(world.write(CHILD, 0, "named"));
    see(world.read(INIT, 0, 99));
    see(world.call(INIT, "close", { fd: 0 }));
    see(world.write(CHILD, 0, "broken"));
  },
  "a terminal": (world, see) => {
    world.pm("setSid", { process: INIT });
    see(world.open(INIT, "/dev/console", 2));
    see(world.write(INIT, 0, "prompt: "));
    see(world.read(INIT, 0, 80));
    world.terminal?.type("line\n");
    world.notify(TTY);
    see(world.lateRead(INIT));
    see(world.read(INIT, 0, 80));
    world.pm("unpause", { process: INIT });
    see(world.lateRead(INIT));
    see(world.open(INIT, "/dev/tty", 2));
    see(world.write(INIT, 1, "bye"));
    world.pm("exit", { process: INIT });
  },
  "select": (world, see) => {
    see(world.call(INIT, "pipe", {}));
    world.pm("fork", { process: (CHILD + 1) as Endpoint, parent: INIT, pid: 21 });
    world.put(INIT, 0x7000, encodeFdSet([0]));
    world.put(INIT, 0x7100, encodeTimeval({ seconds: 1, microseconds: 0 }));
    const ask = { count: 1, read: at(0x7000), write: at(0), error: at(0), timeout: at(0x7100) };
    see(world.call(INIT, "select", ask));
    see(world.write((CHILD + 1) as Endpoint, 1, "x"));
    see(world.late(INIT, "select"));
    see(world.read(INIT, 0, 1));
    see(world.call(INIT, "select", ask));
    world.harness.uptime += 61;
    world.notify(CLOCK);
    see(world.late(INIT, "select"));
    see(world.get(INIT, 0x7000, 1));
  },
  "programs": (world, see) => {
    for (const path of ["/prog", "/script", "/none"]) {
      const bytes = frame("ignored", "arg");
      world.put(CHILD, 0x800, `${path}\0`);
      world.put(CHILD, 0x1000, bytes);
      world.pm("exec", { process: CHILD, pathLength: path.length + 1, frameLength: bytes.length, path: at(0x800), frame: at(0x1000) });
      see(world.get(CHILD, 0x8000, 12));
      see(world.get(CHILD, world.stackTop - 40, 40));
    }
    world.pm("setUid", { process: CHILD, effective: 5, real: 5 });
    see(world.open(CHILD, "/file", 1));
    world.pm("exit", { process: CHILD });
    world.open(INIT, "/file", 2);
    world.pm("reboot", {});
  },
};

function perform(play: Play, plan?: KillPlan): { seen: unknown[]; after: unknown; world: World; begin: number } {
  const world = stage(plan);
  const begin = world.harness.traps;
  const seen: unknown[] = [];
  play(world, (what) => void seen.push(what));
  return { seen, after: look(world), world, begin };
}

/** Every so many moments are tried in the suite; `VFS_EVERY=1` tries all. */
const EVERY = Number(process.env["VFS_EVERY"] ?? 29);

describe.each(Object.entries(plays))("%s", (_name, play) => {
  const clean = perform(play);

  it.each(["nothing", "work", "no grants"] as const)("as without a death, at whatever moment VFS dies (file servers do %s meanwhile)", (meanwhile) => {
    for (let moment = clean.begin + 1; moment < clean.world.harness.traps; moment += EVERY) {
      const { seen, after, world } = perform(play, { moments: [moment], meanwhile });
      expect({ moment, seen, after, deaths: world.deaths }).toEqual({ moment, seen: clean.seen, after: clean.after, deaths: 1 });
      expect(world.harness.output).toBe(clean.world.harness.output);
    }
  });

  it("as without a death where VFS dies again and again", () => {
    for (let moment = 0; moment < 10; moment++) {
      const moments = [clean.begin + 10 + moment * 7, ...Array.from({ length: 40 }, (_, index) => 400 + ((index * 37 + moment) % 90))];
      const { seen, after } = perform(play, { moments, meanwhile: "work" });
      expect({ moment, seen, after }).toEqual({ moment, seen: clean.seen, after: clean.after });
    }
  });

  it("as without an update when VFS is updated after every message", () => {
    const world = stage();
    const seen: unknown[] = [];
    play(world, (what) => {
      seen.push(what);
      world.update();
    });
    expect({ seen, after: look(world) }).toEqual({ seen: clean.seen, after: clean.after });
  });
});
