import { openImage, type MemoryStore } from "@procyon-os/mfs-format";
import { type GrantId } from "@procyon-os/message";
import { pattern } from "./disk.ts";
import type { MountedFs } from "./scripted-vfs.ts";

/** What a step gave, to be compared with the same step of another run. */
export type Result = unknown;
export type Step = (fs: MountedFs) => Result;

const sum = (bytes: Uint8Array): number => bytes.reduce((a, byte) => (Math.imul(a, 31) + byte) | 0, bytes.length);
const owner = { uid: 3, gid: 4 } as const;

function rename(fs: MountedFs, from: number, oldName: string, to: number, newName: string): Result {
  const [old, now] = [fs.named(0, oldName), fs.named(0, newName)];
  return fs.call("rename", { oldDirectory: from, newDirectory: to, oldGrant: old.grant, oldLength: old.pathLength, newGrant: now.grant, newLength: now.pathLength });
}

function mkdir(fs: MountedFs, parent: number, name: string): Result {
  return fs.call("mkdir", { ...fs.named(parent, name), mode: 0o40755, ...owner });
}

const truncate = (fs: MountedFs, inode: number, start: number, end = 0): Result => fs.call("truncate", { inode, start, startHigh: 0, end, endHigh: 0 });

/** Every call of the contract once or more, as VFS uses them. */
export const everyCall: readonly Step[] = [
  (fs) => fs.mount(2),
  (fs) => mkdir(fs, 1, "a"),
  (fs) => mkdir(fs, 1, "b"),
  (fs) => fs.open("a"), // 2
  (fs) => fs.open("b"), // 3
  (fs) => fs.create(2, "file"), // 4
  (fs) => fs.write(4, 0, pattern(9000, 1)),
  (fs) => sum(fs.read(4, 0, 9000)),
  (fs) => fs.write(4, 300_000, pattern(2000, 2)), // an indirect block, behind a hole
  (fs) => fs.call("link", { ...fs.named(4, "other"), directory: 3 }),
  (fs) => mkdir(fs, 2, "sub"),
  (fs) => fs.call("mknod", { ...fs.named(1, "tty"), mode: 0o20666, device: 0x500, ...owner }),
  (fs) => fs.call("symlink", { ...fs.named(1, "link"), targetGrant: fs.lend(""), targetLength: 0, ...owner }),
  (fs) => {
    const target = fs.lend("b/other");
    return fs.call("symlink", { ...fs.named(1, "link"), targetGrant: target, targetLength: 7, ...owner });
  },
  (fs) => fs.inode("link"),
  (fs) => fs.names(1),
  (fs) => fs.call("sync", {}),
  (fs) => fs.write(4, 2000, pattern(3000, 3)),
  (fs) => fs.call("unlink", fs.named(3, "other")),
  (fs) => rename(fs, 2, "file", 3, "moved"),
  (fs) => rename(fs, 2, "sub", 3, "sub"),
  (fs) => fs.call("chmod", { inode: 4, mode: 0o4711 }),
  (fs) => fs.call("chown", { inode: 4, uid: 8, gid: 9 }),
  (fs) => fs.call("utime", { inode: 4, accessTime: 11, modificationTime: 12 }),
  (fs) => fs.stat(4),
  (fs) => truncate(fs, 4, 1500, 250_000),
  (fs) => truncate(fs, 4, 1000),
  (fs) => sum(fs.read(4, 0, 4000)),
  (fs) => fs.call("rmdir", fs.named(3, "sub")),
  (fs) => fs.create(2, "gone"), // 5
  (fs) => fs.write(5, 0, pattern(5000, 4)),
  (fs) => fs.call("unlink", fs.named(2, "gone")),
  (fs) => sum(fs.read(5, 0, 5000)),
  (fs) => fs.put(5),
  (fs) => fs.call("mountPoint", { inode: 2 }),
  (fs) => fs.lookup("a/x").kind,
  (fs) => fs.call("rmdir", fs.named(1, "a")),
  (fs) => fs.call("inhibitRead", { inode: 4 }),
  (fs) => fs.call("blockWrite", { device: 0x300, grant: fs.lendBytes(pattern(1024, 9)), position: 900 * 1024, positionHigh: 0, bytes: 1024 }),
  (fs) => {
    const grant = fs.lendBytes(new Uint8Array(76));
    fs.call("statvfs", { grant });
    return sum(fs.bytesOf(grant));
  },
  (fs) => fs.call("newDriver", { device: 0x300, grant: fs.lend("at_wini_0"), pathLength: 10 }),
  (fs) => fs.call("write", { inode: 4, grant: 9999 as GrantId, position: 0, positionHigh: 0, bytes: 10 }),
  (fs) => [2, 3, 4].map((inode) => fs.put(inode)),
  (fs) => fs.call("unmount", {}),
];

/** A random sequence that a number stands for: files and directories that come, grow, move and go. */
export function randomSteps(seed: number, count: number): Step[] {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const steps: Step[] = [(fs) => fs.mount(0)];
  for (let i = 0; i < count; i++) {
    const [choice, name, other, at, length] = [random(12), `f${random(5)}`, `f${random(5)}`, random(120_000), 1 + random(30_000)];
    steps.push((fs) => {
      const found = fs.lookup(name);
      if (found.kind !== "found") return choice < 3 ? mkdir(fs, 1, name) : fs.put(fs.create(1, name));
      const { inode, mode } = found;
      const isFile = (mode & 0o170000) === 0o100000;
      const done =
        choice === 0 ? (isFile ? fs.call("unlink", fs.named(1, name)) : fs.call("rmdir", fs.named(1, name)))
        : choice === 1 ? rename(fs, 1, name, 1, other)
        : choice === 2 ? fs.call("link", { ...fs.named(inode, other), directory: 1 })
        : choice === 3 ? fs.call("sync", {})
        : !isFile ? (choice < 8 ? mkdir(fs, inode, other) : fs.call("rmdir", fs.named(inode, other)))
        : choice < 8 ? fs.write(inode, at, pattern(length, i))
        : choice < 9 ? truncate(fs, inode, at)
        : choice < 10 ? truncate(fs, inode, at, at + length)
        : sum(fs.read(inode, at, length));
      fs.put(inode);
      return done;
    });
  }
  steps.push((fs) => fs.call("unmount", {}));
  return steps;
}

/** Everything on a disk, as lines. */
export function treeOf(store: MemoryStore): string[] {
  const image = openImage(store);
  const lines = [...image.check(), image.clean ? "clean" : "not clean"];
  const walk = (path: string): void => {
    for (const { name, status } of image.list(path)) {
      const inside = `${path === "/" ? "" : path}/${name}`;
      const { mode, links, uid, gid, size } = status;
      const isFile = (mode & 0o170000) === 0o100000;
      lines.push([inside, mode.toString(8), links, uid, gid, size, isFile ? sum(image.readFile(inside)) : ""].join(" "));
      if ((mode & 0o170000) === 0o040000) walk(inside);
    }
  };
  walk("/");
  return lines;
}
