import { createImage, MemoryStore, openImage, type Image } from "@procyon-os/mfs-format";
import { loadRootImage } from "@procyon-os/userland";
import { program } from "./programs.ts";

const attributes = { mode: 0o755, uid: 0, gid: 0, mtime: 0 };

/** The built-in root image with compiled test programs in /test and other files where they are wanted. */
export function rootImage(programs: readonly string[], change: (image: Image) => void = () => {}): Uint8Array {
  const store = new MemoryStore(loadRootImage());
  const image = openImage(store);
  image.mkdir("/test", attributes);
  for (const name of programs) image.writeFile(`/test/${name}`, program(name), attributes);
  change(image);
  return store.bytes;
}

/** An empty file system with some files. */
export function dataImage(megabytes: number, files: { readonly [path: string]: Uint8Array }): Uint8Array {
  const store = new MemoryStore(megabytes * 1024 * 1024);
  createImage(store, { time: 0 });
  const image = openImage(store);
  for (const [path, content] of Object.entries(files)) image.writeFile(path, content, attributes);
  return store.bytes;
}
