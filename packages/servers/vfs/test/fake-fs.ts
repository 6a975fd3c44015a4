import { addTransaction, encodeLookupReply, encodeStat, fsContract, PATH_RET_SYMLINK, splitRequest, type LookupReply } from "@procyon-os/contract-fs";
import { callByNumber, decodeRequest, encodeReply, fail, errorCode, messageType, newMessage, ok, VFS, type Call, type GrantId, type Message, type Result } from "@procyon-os/message";
import { grantedBytes, type ServiceHarness } from "@procyon-os/service-harness";

interface Node {
  readonly number: number;
  mode: number;
  uid: number;
  gid: number;
  device: number;
  bytes: Uint8Array;
  entries: Map<string, number>;
  references: number;
}

type Asked = { [field: string]: number };
const nameOf = callByNumber(fsContract);
const TYPE = 0o170000;
const DIRECTORY = 0o040000;
const LINK = 0o120000;

/** A file server of a few lines, in memory: enough for VFS, with no permissions of its own. */
export class FakeFs {
  readonly nodes = new Map<number, Node>();
  readonly mountPoints = new Set<number>();
  readonly log: string[] = [];
  mounted = false;
  isDead = false; // it takes nothing
  private readonly harness: () => ServiceHarness;
  private next = 1;

  constructor(harness: () => ServiceHarness) {
    this.harness = harness;
    this.make(DIRECTORY | 0o755);
  }

  make(mode: number, device = 0): Node {
    const node = { number: this.next++, mode, uid: 0, gid: 0, device, bytes: new Uint8Array(0), entries: new Map<string, number>(), references: 0 };
    this.nodes.set(node.number, node);
    return node;
  }

  /** Puts a file, link (its text), device or directory under a path. */
  add(path: string, mode: number, content: string | Uint8Array = "", device = 0): Node {
    const parts = path.split("/").filter((part) => part !== "");
    let directory = this.nodes.get(1) as Node;
    for (const part of parts.slice(0, -1)) directory = this.nodes.get(directory.entries.get(part) as number) as Node;
    const node = this.make(mode, device);
    node.bytes = typeof content === "string" ? Uint8Array.from(content, (char) => char.charCodeAt(0)) : content;
    directory.entries.set(parts.at(-1) as string, node.number);
    return node;
  }

  references(): number {
    return [...this.nodes.values()].reduce((sum, node) => sum + node.references, 0);
  }

  /** Does what VFS asks; where VFS has no grants just then, not much. */
  answer(message: Message, isWithoutGrants = false): Message {
    const { number, transaction } = splitRequest(messageType(message));
    const name = nameOf(number);
    if (name === null) throw new Error(`request ${number} of VFS`);
    this.log.push(name);
    const copy = message.slice();
    copy[1] = number;
    const asked = decodeRequest(fsContract.calls[name], copy) as unknown as Asked;
    if (isWithoutGrants && ("grant" in asked || "oldGrant" in asked)) return newMessage(addTransaction(errorCode("EPERM"), transaction));
    const one = fsContract.calls[name] as Call<any, any, any>;
    const reply = name === "lookup" ? encodeLookupReply(this.lookup(asked)) : encodeReply(one, this.call(name, asked) as never);
    reply[1] = addTransaction(messageType(reply), transaction);
    return reply;
  }

  private granted(grant: number): Uint8Array {
    const bytes = grantedBytes(this.harness(), VFS, grant as GrantId);
    if (bytes === null) throw new Error(`no grant ${grant}`);
    return bytes;
  }

  private text(grant: number, length: number): string {
    return String.fromCharCode(...this.granted(grant).subarray(0, length - 1));
  }

  private lookup({ grant, pathLength, directory, root, flags }: Asked): LookupReply {
    let path = this.text(grant as number, pathLength as number);
    let links = 0;
    let at = this.nodes.get(directory as number) as Node;
    let offset = 0;
    while (true) {
      while (path[offset] === "/") offset++;
      if (offset >= path.length) break;
      if ((at.mode & TYPE) !== DIRECTORY) return { kind: "error", error: "ENOTDIR" };
      const end = path.indexOf("/", offset) < 0 ? path.length : path.indexOf("/", offset);
      const part = path.slice(offset, end);
      if (part === "..") {
        if (at.number === root) offset = end;
        else if (at.number === 1) return { kind: "leaveMount", offset, links };
        else [at, offset] = [[...this.nodes.values()].find((node) => [...node.entries.values()].includes(at.number)) as Node, end];
        continue;
      }
      const found = part === "." ? at.number : at.entries.get(part);
      if (found === undefined) return { kind: "error", error: "ENOENT" };
      const node = this.nodes.get(found) as Node;
      const last = end === path.length;
      if ((node.mode & TYPE) === LINK && !(last && ((flags as number) & PATH_RET_SYMLINK) !== 0)) {
        path = String.fromCharCode(...node.bytes) + path.slice(end);
        this.granted(grant as number).set(Uint8Array.from(`${path}\0`, (char) => char.charCodeAt(0)));
        offset = 0;
        links++;
        if (links > 16) return { kind: "error", error: "ELOOP" };
        if (path.startsWith("/")) return { kind: "symlink", offset: 0, links };
        continue;
      }
      [at, offset] = [node, end];
      if (this.mountPoints.has(at.number)) return { kind: "enterMount", inode: at.number, offset, links };
    }
    at.references++;
    return { kind: "found", inode: at.number, mode: at.mode, fileSize: at.bytes.length, device: at.device, uid: at.uid, gid: at.gid };
  }

  private details(node: Node): object {
    node.references++;
    return { inode: node.number, mode: node.mode, fileSize: node.bytes.length, fileSizeHigh: 0, device: node.device, uid: node.uid, gid: node.gid };
  }

  private call(name: string, asked: Asked): Result<object> {
    const node = this.nodes.get(asked["inode"] as number) as Node;
    const text = (): string => this.text(asked["grant"] as number, asked["pathLength"] as number);
    switch (name) {
      case "readSuper":
        this.mounted = true;
        return ok({ ...this.details(this.nodes.get(1) as Node), concurrentRequests: 1 });
      case "newNode":
        return ok(this.details(this.make(asked["mode"] as number, asked["device"])));
      case "putNode":
        node.references -= asked["count"] as number;
        if (node.references === 0) this.mountPoints.delete(node.number);
        if (node.references < 0) throw new Error(`inode ${node.number} has ${node.references} references`);
        return ok({});
      case "create": case "mkdir": case "mknod": {
        if (node.entries.has(text())) return fail("EEXIST");
        const made = this.make(asked["mode"] as number, asked["device"] ?? 0);
        Object.assign(made, { uid: asked["uid"], gid: asked["gid"] });
        node.entries.set(text(), made.number);
        return ok(name === "create" ? this.details(made) : {});
      }
      case "rename": {
        const target = this.nodes.get(asked["newDirectory"] as number) as Node;
        const from = this.nodes.get(asked["oldDirectory"] as number) as Node;
        const old = this.text(asked["oldGrant"] as number, asked["oldLength"] as number);
        const moved = from.entries.get(old);
        if (moved === undefined) return fail("ENOENT");
        from.entries.delete(old);
        target.entries.set(this.text(asked["newGrant"] as number, asked["newLength"] as number), moved);
        return ok({});
      }
      case "unlink": case "rmdir":
        return node.entries.delete(text()) ? ok({}) : fail("ENOENT");
      case "read": case "write":
        return this.transfer(node, name === "write", asked);
      case "truncate":
        node.bytes = node.bytes.slice(0, asked["start"]);
        return ok({});
      case "stat":
        this.granted(asked["grant"] as number).set(encodeStat({
          device: 0x300, mode: node.mode, inode: node.number, links: 1, uid: node.uid, gid: node.gid, specialDevice: node.device, accessTime: 1,
          modificationTime: 2, changeTime: 3, size: node.bytes.length, blocks: 0, blockSize: 4096,
        }));
        return ok({});
      case "chmod":
        node.mode = (node.mode & TYPE) | ((asked["mode"] as number) & 0o7777);
        return ok({ mode: node.mode });
      case "readLink":
        this.granted(asked["grant"] as number).set(node.bytes);
        return ok({ bytes: node.bytes.length });
      case "mountPoint":
        this.mountPoints.add(node.number);
        return ok({});
      case "unmount":
        this.mounted = false;
        return this.references() > 1 ? fail("EBUSY") : ok({});
      case "sync": case "newDriver": case "flush": case "inhibitRead":
        return ok({});
      default:
        throw new Error(`the test's file server does not do ${name}`);
    }
  }

  private transfer(node: Node, write: boolean, asked: Asked): Result<object> {
    const [position, bytes] = [asked["position"] as number, asked["bytes"] as number];
    const user = this.granted(asked["grant"] as number);
    const pipe = (node.mode & TYPE) === 0o010000;
    if (write) {
      const grown = new Uint8Array(Math.max(node.bytes.length, position + bytes));
      grown.set(node.bytes);
      grown.set(user.subarray(0, bytes), position);
      node.bytes = grown;
      return ok({ positionHigh: 0, position: position + bytes, bytes });
    }
    const piece = node.bytes.slice(position, position + bytes);
    user.set(piece);
    if (pipe && position + piece.length >= node.bytes.length) node.bytes = new Uint8Array(0);
    return ok({ positionHigh: 0, position: position + piece.length, bytes: piece.length });
  }
}
