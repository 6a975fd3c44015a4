import { openImage } from "@procyon-os/mfs-format";
import { describe, expect, it } from "vitest";
import { disk, pattern, same, unmount } from "../test/disk.ts";
import { DEVICE, MountedFs } from "../test/scripted-vfs.ts";

const RAM_DISK = 0x0106; // the smallest pool, so that blocks come and go; and none goes to VM
describe.each([[1, RAM_DISK], [2, RAM_DISK], [3, DEVICE], [4, DEVICE], [5, DEVICE]])("random operations, seed %i, device %i", (seed, device) => {
  it("agree with a model through a small cache, and leave a clean disk", () => {
    const store = disk(seed % 2 === 0 ? 4096 : 1024, 4);
    const fs = new MountedFs(store);
    fs.mount(0, device);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state >>> 8) % below;
    };
    const model = new Map<string, Uint8Array>();
    const resized = (content: Uint8Array, size: number): Uint8Array => {
      const bytes = new Uint8Array(size);
      bytes.set(content.subarray(0, size));
      return bytes;
    };
    const done: boolean[] = [];
    for (let step = 0; step < 300; step++) {
      const name = `f${random(6)}`;
      const content = model.get(name);
      const choice = random(10);
      if (content === undefined) {
        fs.put(fs.create(1, name));
        model.set(name, new Uint8Array(0));
      } else if (choice === 0) {
        done.push(fs.call("unlink", fs.named(1, name)).ok);
        model.delete(name);
      } else {
        const inode = fs.open(name);
        if (choice < 6) {
          const at = random(250_000);
          const data = pattern(1 + random(80_000), step);
          const written = fs.write(inode, at, data);
          done.push(written.ok && written.value.bytes === data.length);
          const grown = resized(content, Math.max(content.length, at + data.length));
          grown.set(data, at);
          model.set(name, grown);
        } else if (choice < 8) {
          const size = random(300_000);
          done.push(fs.call("truncate", { inode, start: size, startHigh: 0, end: 0, endHigh: 0 }).ok);
          model.set(name, resized(content, size));
        } else if (choice === 8 && content.length > 2) {
          const start = random(content.length - 1);
          const end = start + 1 + random(content.length);
          done.push(fs.call("truncate", { inode, start, startHigh: 0, end, endHigh: 0 }).ok);
          model.set(name, content.slice().fill(0, start, end));
        }
        fs.put(inode);
      }
    }
    expect(done).not.toContain(false);
    for (const [name, content] of model) {
      const inode = fs.open(name);
      expect(same(fs.read(inode, 0, 400_000), content)).toBe(true);
      fs.put(inode);
    }
    expect(fs.vm.hits > 0).toBe(device === DEVICE && seed !== 4); // 4 KB blocks fill no unit
    unmount(fs, store);
    for (const [name, content] of model) expect(same(openImage(store).readFile(name), content)).toBe(true);
  });
});
