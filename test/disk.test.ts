import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { procyon } from "./support/cli.ts";
import { rootImage } from "./support/image.ts";
import { cksum, noise } from "./support/noise.ts";
import { scratchFolder } from "./support/programs.ts";
import { Session } from "./support/session.ts";

const judge = (path: string): void => void execFileSync("fsck.minix", ["-f", path]);

it("[O03] [O06] keeps the files of a disk across shutdown, and leaves a file system that Linux's fsck.minix finds clean", () => {
  const content = noise(700_000, 11);
  const first = new Session([rootImage([], (image) => image.writeFile("/big", content, { mode: 0o644, uid: 0, gid: 0, mtime: 0 }))]);
  first.run("mkdir -p /home/a/b; echo kept >/home/a/b/file; cp /big /home/copy; ln /home/copy /home/link; rm /big; mkdir /gone; rmdir /gone");
  first.run("ln -s /home/link /home/soft; chmod 600 /home/link; mv /home/a /home/moved");
  first.type("shutdown\n");
  first.end();
  expect(first.system.ending).toEqual({ kind: "halted", status: 0 });
  const [disk] = first.disks;
  if (disk === undefined) throw new Error("no disk");
  const path = join(scratchFolder(), "kept.img");
  writeFileSync(path, disk.bytes);
  judge(path);

  const second = new Session([disk.bytes]);
  expect(second.run("cat /home/moved/b/file").output).toBe("kept\n");
  expect(second.run("cksum /home/soft; ls -l /home/copy").output).toMatch(new RegExp(`^${cksum(content)} /home/soft\n-rw------- +2 `));
  expect(second.run("ls /big /gone").status).not.toBe(0);
});

it("makes the file of --disk where it does not exist, and finds it again", async () => {
  const path = join(scratchFolder(), "made.img");
  expect(await procyon(["boot", "--disk", path, "--exec", "echo kept >/root/file; sync"])).toMatchObject({ stderr: "", status: 0 });
  judge(path);
  expect(await procyon(["boot", "--disk", path, "--exec", "cat /root/file"])).toEqual({ stdout: "kept\n", stderr: "", status: 0 });
  expect(await procyon(["boot", "--disk", path], "cat /root/file; echo more >>/root/file; shutdown\n")).toMatchObject({ stdout: expect.stringContaining("kept\n") as string, status: 0 });
  expect((await procyon(["image", "cat", path, "/root/file"])).stdout).toBe("kept\nmore\n");
  judge(path);
  const missing = await procyon(["boot", "--disk", path, "--disk", join(scratchFolder(), "missing.img"), "--exec", "true"]);
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain("missing.img");
});

it("mounts an image of mkfs.minix -3, filled on the host, as the second disk", async () => {
  const path = join(scratchFolder(), "linux.img");
  const file = join(scratchFolder(), "content");
  const content = noise(500_000, 4);
  writeFileSync(path, new Uint8Array(4 << 20));
  writeFileSync(file, content);
  execFileSync("mkfs.minix", ["-3", path]);
  expect((await procyon(["image", "put", path, file, "/content"])).status).toBe(0);

  const session = new Session([rootImage([]), new Uint8Array(readFileSync(path))]);
  expect(session.run("mkdir -p /mnt; mount /dev/c0d1 /mnt")).toMatchObject({ status: 0 });
  expect(session.run("cksum /mnt/content").output).toBe(`${cksum(content)} /mnt/content\n`);
  expect(session.run("df").output).toContain("/mnt");
  session.run("cp /mnt/content /mnt/again; echo from the guest >/mnt/new; rm /mnt/content");
  expect(session.run("cd /mnt; umount /mnt").status).not.toBe(0); // it is in use
  expect(session.run("cd /; umount /mnt").status).toBe(0);
  expect(session.run("ls /mnt").output).toBe("");

  writeFileSync(path, session.disks[1]?.bytes ?? new Uint8Array(0));
  judge(path);
  expect((await procyon(["image", "cat", path, "/new"])).stdout).toBe("from the guest\n");
  expect((await procyon(["image", "cat", path, "/again"])).stdout).toBe(Buffer.from(content).toString("latin1"));
});
