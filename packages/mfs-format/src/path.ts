import { entriesOf, findEntry } from "./directory.ts";
import { readContent } from "./file-content.ts";
import { isType, NAME_MAX, ROOT_INODE, S_IFDIR, S_IFLNK } from "./format.ts";
import { MfsError } from "./mfs-error.ts";
import type { Volume } from "./volume.ts";

const LINKS_MAX = 16;

/** The components of a path; it is taken from the root with or without a slash. */
function split(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  for (const part of parts) {
    if (part.length > NAME_MAX) throw new MfsError("ENAMETOOLONG", path, `"${part}" has ${part.length} characters, at most ${NAME_MAX} fit`);
    for (const character of part) {
      const code = character.charCodeAt(0);
      if (code === 0 || code > 0xff) throw new MfsError("EINVAL", path, "a name is a string of bytes; encode others first");
    }
  }
  return parts;
}

function linkText(volume: Volume, inode: number): string {
  return String.fromCharCode(...readContent(volume, volume.readInode(inode)));
}

/** The directory that holds a path's last component, and that component; "" for the root itself. */
export interface Parent {
  readonly directory: number;
  readonly name: string;
}

function walk(volume: Volume, start: number, parts: readonly string[], path: string, follow: boolean, links: { count: number }): number {
  let at = start;
  parts.forEach((part, index) => {
    if (!isType(volume.readInode(at).mode, S_IFDIR)) throw new MfsError("ENOTDIR", path, `what holds "${part}" is no directory`);
    const entry = findEntry(volume, at, part);
    if (entry === null) throw new MfsError("ENOENT", path, `no "${part}"`);
    const last = index === parts.length - 1;
    if (isType(volume.readInode(entry.inode).mode, S_IFLNK) && (follow || !last)) {
      if (++links.count > LINKS_MAX) throw new MfsError("ELOOP", path, `more than ${LINKS_MAX} symbolic links`);
      const text = linkText(volume, entry.inode);
      at = walk(volume, text.startsWith("/") ? ROOT_INODE : at, split(text), path, true, links);
    } else {
      at = entry.inode;
    }
  });
  return at;
}

/** The inode that a path names. `follow` says whether a symbolic link at its end is followed. */
export function resolve(volume: Volume, path: string, follow: boolean): number {
  return walk(volume, ROOT_INODE, split(path), path, follow, { count: 0 });
}

/** The place where a path's last component is, or would be made. */
export function resolveParent(volume: Volume, path: string): Parent {
  const parts = split(path);
  const name = parts.pop() ?? "";
  if (name === "..") throw new MfsError("EINVAL", path, "ends in \"..\"");
  const directory = walk(volume, ROOT_INODE, parts, path, true, { count: 0 });
  if (!isType(volume.readInode(directory).mode, S_IFDIR)) throw new MfsError("ENOTDIR", path, "the parent is no directory");
  return { directory, name };
}

/** Whether a directory holds nothing but "." and "..". */
export function isEmptyDirectory(volume: Volume, inode: number): boolean {
  return entriesOf(volume, inode).every(({ name }) => name === "." || name === "..");
}

export { linkText };
