// The root file system image: the same bytes from the same sources, whenever and wherever it is made.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { createImage, MemoryStore, S_IFBLK, S_IFCHR } from "@procyon-os/mfs-format";
import { packageRoot, sha256 } from "./compile.mjs";
import { devices, directories, hosted, links, placeOf } from "./manifest.mjs";

const TIME = 1_330_000_000; // 2012-02-23: the release of MINIX 3.2.0
const SIZE = 16 * 1024 * 1024;
const BLOCK = 1024; // what Linux's fsck.minix can judge
const INODES = 4096;
const owner = { uid: 0, gid: 0, mtime: TIME };

function plainFiles(folder = "") {
  return readdirSync(join(packageRoot, "root", folder))
    .sort()
    .flatMap((name) => {
      const path = `${folder}/${name}`;
      return statSync(join(packageRoot, "root", path)).isDirectory() ? plainFiles(path) : [path];
    });
}

/** Makes the image from the programs' ELF files. */
export function buildImage(elves) {
  const store = new MemoryStore(SIZE);
  const image = createImage(store, { blockSize: BLOCK, inodes: INODES, mode: 0o755, uid: 0, gid: 0, time: TIME });
  for (const [path, mode] of directories) image.mkdir(path, { ...owner, mode });
  for (const [name, kind, major, minor, mode] of devices) {
    image.mknod(`/dev/${name}`, (kind === "b" ? S_IFBLK : S_IFCHR) | mode, major * 256 + minor, owner);
  }
  for (const path of plainFiles()) {
    const content = new Uint8Array(readFileSync(join(packageRoot, "root", path)));
    image.writeFile(path, content, { ...owner, mode: path.endsWith("/rc") || path.startsWith("/usr/tests/") ? 0o755 : path.endsWith("master.passwd") ? 0o600 : 0o644 });
  }
  for (const [file, name] of hosted) {
    const line = new TextEncoder().encode(`#!hosted @procyon-os/${name}\n`);
    image.writeFile(file, line, { ...owner, mode: 0o755 });
  }
  for (const [name, elf] of elves) image.writeFile(name === "init" ? "/sbin/init" : placeOf(name), elf, { ...owner, mode: 0o755 });
  for (const [existing, path] of links) image.link(existing, path, TIME);
  const problems = image.check();
  if (problems.length > 0) throw new Error(`the image is not clean: ${problems.join("; ")}`);
  return store.bytes;
}

/** The three files that are committed. */
export function outputs(elves) {
  const disk = buildImage(elves);
  const compressed = gzipSync(disk, { level: 9 });
  compressed[9] = 255; // the operating system that made it: unknown
  const programs = Object.fromEntries([...elves].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, elf]) => [name, { bytes: elf.length, sha256: sha256(elf) }]));
  const manifest = `${JSON.stringify({ image: { bytes: disk.length, sha256: sha256(disk) }, programs }, null, 2)}\n`;
  return { disk, "root.img.gz": compressed, "init.elf": elves.get("init"), "manifest.json": new TextEncoder().encode(manifest) };
}
