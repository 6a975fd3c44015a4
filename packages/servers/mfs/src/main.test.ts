import { PATH_RET_SYMLINK, REQ_RDONLY } from "@procyon-os/contract-fs";
import { createImage, MemoryStore, openImage, S_IFCHR } from "@procyon-os/mfs-format";
import { newMessage, PM, SIGTERM, VFS, type Endpoint } from "@procyon-os/message";
import { SIGS_SIGNAL_RECEIVED } from "@procyon-os/sef";
import { expect, it } from "vitest";
import { by, disk, MEGABYTE, mounted, pattern, same, unmount } from "../test/disk.ts";
import { MountedFs } from "../test/scripted-vfs.ts";

it("the clean mark is away while the file system is mounted, and an unclean one is mounted read-only", () => {
  const store = disk();
  mounted(store); // and never unmounted
  expect(openImage(store).clean).toBe(false);
  const fs = new MountedFs(store);
  expect(fs.mount()).toMatchObject({ ok: true });
  expect(fs.harness.output).toContain("not unmounted in order: mounted read-only");
  expect(fs.call("mkdir", { ...fs.named(1, "d"), mode: 0o40755, uid: 0, gid: 0 })).toMatchObject({ error: "EROFS" });
  expect(fs.call("unmount", {})).toMatchObject({ ok: true });
  expect(openImage(store).clean).toBe(false);
  const nothing = new MountedFs(new MemoryStore(MEGABYTE));
  expect(nothing.mount()).toMatchObject({ error: "EINVAL" });
  expect(nothing.harness.output).toContain("no MFS file system");
});

it("a lookup says where to go on: into a mount, above the root, at an absolute link; and stops at the process's root", () => {
  const store = disk();
  const image = createImage(store);
  for (const path of ["/usr", "/usr/mnt", "/usr/home"]) image.mkdir(path, { ...by, mode: 0o755 });
  image.writeFile("/usr/home/file", pattern(10, 1), by);
  image.symlink("../home/./file", "/usr/mnt/relative", by);
  image.symlink("/etc/passwd", "/usr/absolute", by);
  image.symlink("loop", "/usr/loop", by);
  const fs = mounted(store, 0);
  const file = fs.inode("usr/home/file");
  expect(fs.lookup("usr/mnt/relative")).toMatchObject({ kind: "found", inode: file, fileSize: 10, mode: 0o100644 });
  expect(fs.lookup("usr/mnt/relative", { flags: PATH_RET_SYMLINK })).toMatchObject({ kind: "found", mode: 0o120777 });
  expect(fs.lookup("usr/absolute/x")).toMatchObject({ kind: "symlink", offset: 0, links: 1, path: "/etc/passwd/x" });
  expect(fs.lookup("usr/loop")).toMatchObject({ kind: "error", error: "ELOOP" });
  expect(fs.lookup("usr/../../x")).toMatchObject({ kind: "leaveMount", offset: 7 });
  expect(fs.lookup("usr/home/../../usr/home", { root: fs.inode("usr"), directory: 1 })).toMatchObject({ kind: "error", error: "ENOENT" });
  expect(fs.lookup("usr/nothing")).toMatchObject({ kind: "error", error: "ENOENT" });
  expect(fs.lookup("usr/home/file/x")).toMatchObject({ kind: "error", error: "ENOTDIR" });

  const mnt = fs.open("usr/mnt");
  expect(fs.call("mountPoint", { inode: mnt })).toEqual({ ok: true, value: {} });
  expect(fs.call("mountPoint", { inode: mnt })).toMatchObject({ error: "EBUSY" });
  expect(fs.lookup("usr/mnt/a/b")).toMatchObject({ kind: "enterMount", inode: mnt, offset: 8 });
  expect(fs.lookup("usr/mnt")).toMatchObject({ kind: "enterMount", inode: mnt, offset: 7 });
  expect(fs.lookup("../home/file", { directory: mnt })).toMatchObject({ kind: "found", inode: file });
  expect(fs.call("rmdir", fs.named(fs.inode("usr"), "mnt"))).toMatchObject({ error: "EBUSY" });
});

it("a lookup asks for search permission, by user, group and the rest", () => {
  const store = disk();
  const image = createImage(store);
  image.mkdir("/private", { mode: 0o710, uid: 10, gid: 20, mtime: 0 });
  image.writeFile("/private/file", pattern(1, 1), by);
  const fs = mounted(store);
  const kinds = [{ uid: 0 }, { uid: 10 }, { uid: 11, gid: 20 }, { uid: 11, gid: 21 }].map((who) => fs.lookup("private/file", who).kind);
  expect(kinds).toEqual(["found", "found", "found", "error"]);
});

it("makes, links, renames and removes as POSIX asks", () => {
  const store = disk();
  const fs = mounted(store);
  for (const name of ["a", "b"]) fs.call("mkdir", { ...fs.named(1, name), mode: 0o40755, uid: 0, gid: 0 });
  const [a, b] = [fs.open("a"), fs.open("b")];
  fs.put(fs.create(a, "file"));
  const move = (oldDirectory: number, oldName: string, newDirectory: number, newName: string) => {
    const [from, to] = [fs.named(0, oldName), fs.named(0, newName)];
    return fs.call("rename", { oldDirectory, newDirectory, oldGrant: from.grant, oldLength: from.pathLength, newGrant: to.grant, newLength: to.pathLength });
  };
  const link = (inode: number, directory: number, name: string) => fs.call("link", { ...fs.named(inode, name), directory });
  const file = fs.inode("a/file");
  expect(link(file, b, "other")).toMatchObject({ ok: true });
  expect(link(file, b, "other")).toMatchObject({ error: "EEXIST" });
  expect(link(a, b, "directory")).toMatchObject({ error: "EPERM" });
  expect(fs.stat(file).links).toBe(2);
  expect(move(a, "file", b, "other")).toMatchObject({ ok: true }); // two names of one file: both stay
  expect(fs.inode("a/file")).toBe(fs.inode("b/other"));
  expect(move(1, "a", b, "sub")).toMatchObject({ ok: true });
  expect(fs.inode("b/sub/..")).toBe(b);
  expect([fs.stat(1).links, fs.stat(b).links]).toEqual([3, 3]);
  expect(move(1, "b", a, "below")).toMatchObject({ error: "EINVAL" });
  expect(move(b, "other", b, "sub")).toMatchObject({ error: "EISDIR" });
  expect(move(b, "sub", b, "other")).toMatchObject({ error: "ENOTDIR" });
  expect(move(b, "none", b, "x")).toMatchObject({ error: "ENOENT" });
  expect(fs.call("unlink", fs.named(b, "sub"))).toMatchObject({ error: "EPERM" });
  expect(fs.call("mknod", { ...fs.named(1, "tty"), mode: S_IFCHR | 0o666, device: 0x0500, uid: 0, gid: 0 })).toMatchObject({ ok: true });
  expect(fs.stat(fs.inode("tty"))).toMatchObject({ mode: S_IFCHR | 0o666, specialDevice: 0x0500 });
  const target = fs.harness.grant(VFS, "b/other");
  expect(fs.call("symlink", { ...fs.named(1, "link"), targetGrant: target, targetLength: 7, uid: 0, gid: 0 })).toMatchObject({ ok: true });
  expect(fs.inode("link")).toBe(file);
  const long = "n".repeat(70);
  fs.put(fs.create(1, long));
  expect(fs.names(1)).toContain("n".repeat(60));
  expect(fs.inode(long)).toBe(fs.inode("n".repeat(60)));
  for (const inode of [a, b]) fs.put(inode);
  unmount(fs, store);
  expect(openImage(store).list("/").map(({ name }) => name)).toEqual(["b", "link", "n".repeat(60), "tty"]);
});

it("a file without a name lives until its last reference is dropped, and holds off an unmount", () => {
  const store = disk();
  const before = openImage(store).usage();
  const fs = mounted(store);
  const inode = fs.create(1, "file");
  fs.write(inode, 0, pattern(5000, 1));
  expect(fs.call("unlink", fs.named(1, "file"))).toMatchObject({ ok: true });
  expect(same(fs.read(inode, 0, 5000), pattern(5000, 1))).toBe(true);
  expect(fs.call("unmount", {})).toMatchObject({ error: "EBUSY" });
  fs.put(inode);
  unmount(fs, store);
  expect(openImage(store).usage()).toEqual(before);
});

it("statvfs counts what is free, times are set when they are due, and unknown requests are refused", () => {
  const store = disk();
  const fs = mounted(store, REQ_RDONLY);
  const grant = fs.harness.grant(VFS, new Uint8Array(76));
  expect(fs.call("statvfs", { grant })).toMatchObject({ ok: true });
  const words = new DataView((fs.harness.clients.bytes(VFS, grant) as Uint8Array).slice().buffer);
  const { zones, freeZones, inodes, freeInodes } = openImage(store).usage();
  expect([2, 3, 5, 6, 9, 10].map((word) => words.getUint32(word * 4, true))).toEqual([zones, freeZones, inodes, freeInodes, 1, 60]);
  expect(fs.call("newNode", { mode: 0, device: 0, uid: 0, gid: 0 })).toMatchObject({ error: "ENOSYS" });
  fs.call("unmount", {});

  const writable = mounted(store);
  const file = writable.create(1, "file");
  writable.call("utime", { inode: file, accessTime: 10, modificationTime: 20 });
  expect(writable.stat(file)).toMatchObject({ accessTime: 10, modificationTime: 20, changeTime: 1_000_000 + Math.floor(1000 / 60) });
  expect(writable.call("chmod", { inode: file, mode: 0o4755 })).toEqual({ ok: true, value: { mode: 0o104755 } });
  expect(writable.call("chown", { inode: file, uid: 9, gid: 8 })).toEqual({ ok: true, value: { mode: 0o100755 } });
  writable.harness.send(12 as Endpoint, new Int32Array(9)); // not VFS: no answer, no harm
  expect(writable.stat(file)).toMatchObject({ uid: 9, gid: 8 });
});

it("SIGTERM writes everything back, and ends a server that has nothing mounted", () => {
  const store = disk();
  const fs = mounted(store);
  const inode = fs.create(1, "file");
  fs.write(inode, 0, pattern(3000, 1));
  const terminate = newMessage(SIGS_SIGNAL_RECEIVED);
  terminate[2] = SIGTERM;
  fs.harness.send(PM, terminate);
  expect(same(openImage(store).readFile("/file"), pattern(3000, 1))).toBe(true);
  expect(fs.harness.ended).toBeNull();

  const unused = new MountedFs(store);
  unused.harness.post(PM, terminate);
  unused.harness.run();
  expect(unused.harness.ended).toBe("kernel call exit");
});
