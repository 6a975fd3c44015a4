import { entriesOf } from "./directory.ts";
import { zonesOf } from "./file-content.ts";
import { DIRENT_BYTES, isSpecial, isType, ROOT_INODE, S_IFDIR, S_IFLNK, S_IFMT } from "./format.ts";
import { MfsError } from "./mfs-error.ts";
import type { Volume } from "./volume.ts";

/** More than this many lines help nobody. */
const LINES_MAX = 100;

interface Findings {
  readonly lines: string[];
  readonly zoneOwner: Map<number, string>;
  readonly links: Map<number, number>; // names found of each inode
}

/** Compares everything that an image says twice: maps and use, link counts and names, sizes and blocks. */
export function checkVolume(volume: Volume): string[] {
  const findings: Findings = { lines: [], zoneOwner: new Map(), links: new Map() };
  if (isType(volume.readInode(ROOT_INODE).mode, S_IFDIR)) walkTree(volume, findings);
  else findings.lines.push("the root is no directory");
  compareMaps(volume, findings);
  const { lines } = findings;
  return lines.length <= LINES_MAX ? lines : [...lines.slice(0, LINES_MAX), `and ${lines.length - LINES_MAX} more`];
}

function walkTree(volume: Volume, findings: Findings): void {
  const { lines, links } = findings;
  const waiting = [{ inode: ROOT_INODE, parent: ROOT_INODE, path: "" }];
  checkZones(volume, ROOT_INODE, "/", findings);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { inode, parent, path } = next;
    const entries = readEntries(volume, inode, path, lines);
    checkDots(entries, inode, parent, path, lines);
    const names = new Set<string>();
    for (const entry of entries) {
      const where = `${path}/${entry.name}`;
      if (entry.inode > volume.geometry.inodes) {
        lines.push(`${where}: inode ${entry.inode} of ${volume.geometry.inodes}`);
        continue;
      }
      if (names.has(entry.name)) lines.push(`${where}: twice in its directory`);
      names.add(entry.name);
      const seen = links.has(entry.inode);
      links.set(entry.inode, (links.get(entry.inode) ?? 0) + 1);
      if (entry.name === "." || entry.name === "..") continue;
      if (entry.name === "" || entry.name.includes("/")) lines.push(`${where}: no name for a file`);
      const directory = isType(volume.readInode(entry.inode).mode, S_IFDIR);
      if (seen && directory) lines.push(`${where}: a second name of the directory ${entry.inode}`);
      if (seen) continue;
      checkZones(volume, entry.inode, where, findings);
      if (directory) waiting.push({ inode: entry.inode, parent: inode, path: where });
    }
  }
}

function readEntries(volume: Volume, inode: number, path: string, lines: string[]): ReturnType<typeof entriesOf> {
  try {
    return entriesOf(volume, inode);
  } catch (error) {
    if (!(error instanceof MfsError || error instanceof RangeError)) throw error;
    lines.push(`${path || "/"}: cannot be read: ${error.message}`);
    return [];
  }
}

function checkDots(entries: ReturnType<typeof entriesOf>, inode: number, parent: number, path: string, lines: string[]): void {
  const [first, second] = entries;
  if (first?.name !== "." || first.inode !== inode) lines.push(`${path || "/"}: the first entry is not "."`);
  if (second?.name !== ".." || second.inode !== parent) lines.push(`${path || "/"}: the second entry is not ".." to its parent`);
}

function checkZones(volume: Volume, number: number, path: string, { lines, zoneOwner }: Findings): void {
  const inode = volume.readInode(number);
  const { blockSize, firstDataZone, zones, maxSize } = volume.geometry;
  if ((inode.mode & S_IFMT) === 0) lines.push(`${path}: inode ${number} has no type`);
  if (inode.size < 0 || inode.size > maxSize) lines.push(`${path}: size ${inode.size}`);
  if (isType(inode.mode, S_IFDIR) && inode.size % DIRENT_BYTES !== 0) lines.push(`${path}: a directory of ${inode.size} bytes`);
  if (isType(inode.mode, S_IFLNK) && (inode.size === 0 || inode.size > blockSize)) lines.push(`${path}: a link text of ${inode.size} bytes`);
  if (!isSpecial(inode.mode) && inode.zones[9] !== 0) lines.push(`${path}: triple indirect blocks, which MFS does not have`);
  const blocks = Math.ceil(inode.size / blockSize);
  for (const { zone, index } of zonesOf(volume, inode)) {
    if (zone < firstDataZone || zone >= zones) {
      lines.push(`${path}: zone ${zone} is not in ${firstDataZone}..${zones - 1}`);
      continue;
    }
    const other = zoneOwner.get(zone);
    if (other !== undefined) lines.push(`${path}: zone ${zone} is ${other}'s too`);
    zoneOwner.set(zone, path);
    if (!volume.zoneInUse(zone)) lines.push(`${path}: zone ${zone} is marked free`);
    if (index !== null && index >= blocks) lines.push(`${path}: zone ${zone} lies past the end of ${inode.size} bytes`);
  }
}

function compareMaps(volume: Volume, { lines, zoneOwner, links }: Findings): void {
  const { inodes, firstDataZone, zones } = volume.geometry;
  for (let number = 1; number <= inodes; number++) {
    const names = links.get(number) ?? 0;
    const used = volume.inodeInUse(number);
    if (used && names === 0) lines.push(`inode ${number}: marked used, but no name leads to it`);
    if (!used && names > 0) lines.push(`inode ${number}: marked free, but has ${names} names`);
    if (names > 0) {
      const said = volume.readInode(number).links;
      if (said !== names) lines.push(`inode ${number}: says ${said} links, has ${names}`);
    }
  }
  for (let zone = firstDataZone; zone < zones; zone++) {
    if (volume.zoneInUse(zone) && !zoneOwner.has(zone)) lines.push(`zone ${zone}: marked used, but no file has it`);
  }
}
