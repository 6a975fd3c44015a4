import { vfsContract } from "@procyon-os/contract-vfs";
import { VFS, type Program } from "@procyon-os/message";
import { allocate, client, free, load, panic, store, textBytes, type Stubs } from "@procyon-os/syslib";

const vfs: Stubs<typeof vfsContract> = client(vfsContract, VFS);

/** Opens a file that exists; a suite cannot go on without. */
export function* openFile(path: string, flags: number): Program<number> {
  const name = textBytes(path, true);
  const address = yield* allocate(name.length);
  yield* store(address, name);
  const opened = yield* vfs.open({ pathLength: name.length, path: address, inline: path.length < 14 ? path : "", flags });
  free(address);
  return opened.ok ? opened.value.result : yield* panic(`${path}: ${opened.error}`);
}

/** Writes all bytes; whether somebody still reads. */
export function* writeFile(fd: number, bytes: Uint8Array): Program<boolean> {
  const buffer = yield* allocate(bytes.length);
  yield* store(buffer, bytes);
  const written = yield* vfs.write({ fd, count: bytes.length, buffer });
  free(buffer);
  return written.ok && written.value.result === bytes.length;
}

/** Reads so many bytes; null at the end. */
export function* readFile(fd: number, length: number): Program<Uint8Array | null> {
  const buffer = yield* allocate(length);
  let have = 0;
  while (have < length) {
    const got = yield* vfs.read({ fd, count: length - have, buffer: (buffer + have) as never });
    if (!got.ok || got.value.result === 0) break;
    have += got.value.result;
  }
  const bytes = have === length ? yield* load(buffer, length) : null;
  free(buffer);
  return bytes;
}

/** Closes a descriptor. */
export function* closeFile(fd: number): Program<void> {
  yield* vfs.close({ fd });
}
