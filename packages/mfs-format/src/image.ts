import type { BlockStore } from "./block-store.ts";
import { checkVolume } from "./check.ts";
import { addEntry, entriesOf, findEntry, removeEntry, retargetEntry, type Entry } from "./directory.ts";
import { readContent, releaseContent, writeContent } from "./file-content.ts";
import { ALL_MODES, isSpecial, isType, LINK_MAX, ROOT_INODE, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } from "./format.ts";
import { emptyInode, type Inode } from "./inode.ts";
import { MfsError } from "./mfs-error.ts";
import { isEmptyDirectory, linkText, resolve, resolveParent } from "./path.ts";
import { Volume } from "./volume.ts";

/** What a new file gets; nothing comes from the host by itself. */
export interface Attributes {
  readonly mode: number; // permissions
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number; // seconds since 1970, for all three times
}

/** What an image says of a file. */
export interface FileStatus extends Readonly<Omit<Inode, "zones">> {
  readonly inode: number;
  readonly device: number | null; // of a special file
  readonly target: string | null; // of a symbolic link
}

/** A file system on a store, handled from the host. Every path is taken from its root; names are one character a byte. */
export class Image {
  private readonly volume: Volume;
  private trusted: boolean;

  constructor(store: BlockStore) {
    this.volume = new Volume(store);
    this.trusted = this.volume.clean;
  }

  /** Whether the file system says that it was left in order. MFS mounts others read-only. */
  get clean(): boolean {
    return this.volume.clean;
  }
  get blockSize(): number {
    return this.volume.geometry.blockSize;
  }

  /** Inodes and blocks, all and free. */
  usage(): { inodes: number; freeInodes: number; zones: number; freeZones: number } {
    const free = this.volume.freeCounts();
    return { inodes: this.volume.geometry.inodes, freeInodes: free.inodes, zones: this.volume.geometry.zones, freeZones: free.zones };
  }

  /** What is inconsistent, one line each; nothing where all is well. */
  check(): string[] {
    return checkVolume(this.volume);
  }

  /** Marks a file system as left in order, so that MFS mounts it for writing. Refused where `check` finds something. */
  markClean(): void {
    this.trusted = false;
    this.change(() => {});
  }

  /** The names in a directory with their status, sorted, without "." and "..". */
  list(path: string): { readonly name: string; readonly status: FileStatus }[] {
    const inode = resolve(this.volume, path, true);
    if (!isType(this.volume.readInode(inode).mode, S_IFDIR)) throw new MfsError("ENOTDIR", path, "not a directory");
    return entriesOf(this.volume, inode)
      .filter(({ name }) => name !== "." && name !== "..")
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => ({ name: entry.name, status: this.statusOf(entry.inode) }));
  }

  /** The status of a file; a symbolic link is not followed. */
  stat(path: string): FileStatus {
    return this.statusOf(resolve(this.volume, path, false));
  }

  exists(path: string): boolean {
    try {
      resolve(this.volume, path, false);
      return true;
    } catch (error) {
      if (error instanceof MfsError && (error.error === "ENOENT" || error.error === "ENOTDIR")) return false;
      throw error;
    }
  }

  readFile(path: string): Uint8Array {
    const inode = this.volume.readInode(resolve(this.volume, path, true));
    if (isType(inode.mode, S_IFDIR)) throw new MfsError("EISDIR", path, "is a directory");
    if (!isType(inode.mode, S_IFREG)) throw new MfsError("EINVAL", path, "not a regular file");
    return readContent(this.volume, inode);
  }

  /** Writes a file as a whole. What it replaces keeps its links and its number, and takes the new attributes. */
  writeFile(path: string, content: Uint8Array, attributes: Attributes): void {
    this.change(() => {
      const number = this.exists(path) ? resolve(this.volume, path, true) : this.make(path, S_IFREG, attributes);
      const inode = this.volume.readInode(number);
      if (isType(inode.mode, S_IFDIR)) throw new MfsError("EISDIR", path, "is a directory");
      if (!isType(inode.mode, S_IFREG)) throw new MfsError("EINVAL", path, "not a regular file");
      releaseContent(this.volume, inode);
      writeContent(this.volume, inode, content, path);
      this.volume.writeInode(number, { ...inode, ...fresh(S_IFREG, attributes) });
    });
  }

  mkdir(path: string, attributes: Attributes): void {
    this.change(() => {
      const { directory } = resolveParent(this.volume, path);
      const number = this.make(path, S_IFDIR, attributes);
      addEntry(this.volume, number, ".", number, attributes.mtime);
      addEntry(this.volume, number, "..", directory, attributes.mtime);
      this.addLinks(number, 1, path);
      this.addLinks(directory, 1, path);
    });
  }

  /** Makes a special file or FIFO: the type is in `mode`, `device` is its number (major * 256 + minor). */
  mknod(path: string, mode: number, device: number, attributes: Omit<Attributes, "mode">): void {
    const type = mode & S_IFMT;
    if (!isSpecial(mode) && type !== S_IFIFO && type !== S_IFSOCK) throw new MfsError("EINVAL", path, `type 0${type.toString(8)} is no special file`);
    this.change(() => {
      const number = this.make(path, type, { ...attributes, mode });
      const inode = this.volume.readInode(number);
      if (isSpecial(mode)) inode.zones[0] = device;
      this.volume.writeInode(number, inode);
    });
  }

  symlink(target: string, path: string, attributes: Omit<Attributes, "mode">): void {
    if (target === "") throw new MfsError("ENOENT", path, "an empty link");
    if (target.length >= this.blockSize) throw new MfsError("ENAMETOOLONG", path, `a link text of ${target.length} characters`);
    this.change(() => {
      const number = this.make(path, S_IFLNK, { ...attributes, mode: 0o777 });
      const inode = this.volume.readInode(number);
      writeContent(this.volume, inode, Uint8Array.from(target, (character) => character.charCodeAt(0)), path);
      this.volume.writeInode(number, inode);
    });
  }

  /** Gives a file, no directory, one more name. */
  link(existing: string, path: string, time: number): void {
    this.change(() => {
      const number = resolve(this.volume, existing, false);
      if (isType(this.volume.readInode(number).mode, S_IFDIR)) throw new MfsError("EPERM", existing, "a directory gets no second name");
      const { directory, name } = this.newPlace(path);
      this.addLinks(number, 1, existing);
      addEntry(this.volume, directory, name, number, time);
    });
  }

  /** Sets permissions, owner and times. */
  setAttributes(path: string, attributes: Attributes): void {
    this.change(() => {
      const number = resolve(this.volume, path, false);
      const inode = this.volume.readInode(number);
      this.volume.writeInode(number, { ...inode, ...fresh(inode.mode & S_IFMT, attributes) });
    });
  }

  /** Removes a name; a directory must be empty, unless `recursive`. */
  remove(path: string, { time = 0, recursive = false }: { time?: number; recursive?: boolean } = {}): void {
    this.change(() => {
      const { directory, name } = resolveParent(this.volume, path);
      if (name === "") throw new MfsError("EPERM", path, "the root stays");
      const entry = findEntry(this.volume, directory, name);
      if (entry === null) throw new MfsError("ENOENT", path, `no "${name}"`);
      this.removeAt(directory, entry, path, time, recursive);
    });
  }

  /** Gives a file or directory another name; a file there is replaced, a directory must be empty. */
  rename(from: string, to: string, time: number): void {
    this.change(() => {
      const source = resolveParent(this.volume, from);
      const entry = findEntry(this.volume, source.directory, source.name);
      if (entry === null) throw new MfsError("ENOENT", from, `no "${source.name}"`);
      const target = resolveParent(this.volume, to);
      if (target.name === "") throw new MfsError("EEXIST", to, "the root stays");
      const moved = isType(this.volume.readInode(entry.inode).mode, S_IFDIR);
      if (moved) this.refuseBelow(entry.inode, target.directory, to);
      const old = findEntry(this.volume, target.directory, target.name);
      if (old !== null) {
        if (old.inode === entry.inode) return;
        const directory = isType(this.volume.readInode(old.inode).mode, S_IFDIR);
        if (directory && !moved) throw new MfsError("EISDIR", to, "is a directory");
        if (!directory && moved) throw new MfsError("ENOTDIR", to, "not a directory");
        this.removeAt(target.directory, old, to, time, false);
      }
      removeEntry(this.volume, source.directory, entry, time);
      addEntry(this.volume, target.directory, target.name, entry.inode, time);
      if (moved && source.directory !== target.directory) {
        retargetEntry(this.volume, findEntry(this.volume, entry.inode, "..") as Entry, target.directory);
        this.addLinks(source.directory, -1, from);
        this.addLinks(target.directory, 1, to);
      }
    });
  }

  private statusOf(number: number): FileStatus {
    const { zones, ...rest } = this.volume.readInode(number);
    return {
      ...rest, inode: number,
      device: isSpecial(rest.mode) ? (zones[0] as number) : null,
      target: isType(rest.mode, S_IFLNK) ? linkText(this.volume, number) : null,
    };
  }

  /** Runs one change: all of it reaches the store, or nothing of its metadata. */
  private change(action: () => void): void {
    if (!this.trusted) {
      const [problem] = this.check();
      if (problem !== undefined) throw new MfsError("EROFS", null, `the file system was not left in order and is damaged (${problem}); repair it first`);
      this.trusted = true;
    }
    try {
      action();
    } catch (error) {
      this.volume.rollBack();
      throw error;
    }
    this.volume.flush();
    if (!this.volume.clean) this.volume.markClean(); // checked above, or mkfs.minix's, which knows no such flag
  }

  private newPlace(path: string): { directory: number; name: string } {
    const place = resolveParent(this.volume, path);
    if (place.name === "" || findEntry(this.volume, place.directory, place.name) !== null) throw new MfsError("EEXIST", path, "exists already");
    return place;
  }

  /** A new inode with one link, entered in its directory. */
  private make(path: string, type: number, attributes: Attributes): number {
    const { directory, name } = this.newPlace(path);
    const number = this.volume.allocateInode(path);
    this.volume.writeInode(number, { ...emptyInode(), ...fresh(type, attributes), links: 1 });
    addEntry(this.volume, directory, name, number, attributes.mtime);
    return number;
  }

  private addLinks(number: number, count: number, path: string): void {
    const inode = this.volume.readInode(number);
    if (inode.links + count > LINK_MAX) throw new MfsError("EMLINK", path, `more than ${LINK_MAX} links`);
    this.volume.writeInode(number, { ...inode, links: inode.links + count });
  }

  private removeAt(directory: number, entry: Entry, path: string, time: number, recursive: boolean): void {
    const isDirectory = isType(this.volume.readInode(entry.inode).mode, S_IFDIR);
    if (isDirectory) {
      if (!recursive && !isEmptyDirectory(this.volume, entry.inode)) throw new MfsError("ENOTEMPTY", path, "directory is not empty");
      for (const child of entriesOf(this.volume, entry.inode)) {
        if (child.name !== "." && child.name !== "..") this.removeAt(entry.inode, child, `${path}/${child.name}`, time, true);
      }
      this.addLinks(directory, -1, path);
      this.addLinks(entry.inode, -1, path);
    }
    removeEntry(this.volume, directory, entry, time);
    const inode = this.volume.readInode(entry.inode);
    if (inode.links > 1) {
      this.volume.writeInode(entry.inode, { ...inode, links: inode.links - 1, changeTime: time });
    } else {
      releaseContent(this.volume, inode);
      this.volume.freeInode(entry.inode);
    }
  }

  private refuseBelow(moved: number, target: number, to: string): void {
    for (let at = target; ; at = (findEntry(this.volume, at, "..") as Entry).inode) {
      if (at === moved) throw new MfsError("EINVAL", to, "lies below the directory that moves");
      if (at === ROOT_INODE) return;
    }
  }
}

function fresh(type: number, { mode, uid, gid, mtime }: Attributes) {
  return { mode: type | (mode & ALL_MODES), uid, gid, accessTime: mtime, modificationTime: mtime, changeTime: mtime };
}
