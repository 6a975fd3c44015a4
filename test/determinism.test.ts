import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { rootImage } from "./support/image.ts";
import { procyon } from "./support/cli.ts";
import { Session } from "./support/session.ts";

const work = "ls -l / | sort | head -3; sleep 1; echo $(/test/pipes | wc -l); cksum /bin/sh; ps | wc -l; kill -9 $$";

/** The hash of one run of some commands, in this process. */
function hashOf(image: Uint8Array, seed: number): string {
  const session = new Session([image], { seed, trace: true });
  session.run("ls -l / | sort | head -3; sleep 1; cksum /bin/sh");
  expect(session.run("/test/pipes").status).toBe(0);
  session.type("shutdown\n");
  session.end();
  return session.system.kernel.traceHash();
}

it("[K34] gives the same trace for the same seed and input, every time", () => {
  const image = rootImage(["pipes"]);
  const first = hashOf(image, 5);
  expect(first).toMatch(/^[0-9a-f]{8,}$/);
  expect([hashOf(image, 5), hashOf(image, 5)]).toEqual([first, first]);
});

/** Threads of this process that keep the host's processors busy while something runs. */
async function loaded<T>(use: () => Promise<T>): Promise<T> {
  const threads = [1, 2, 3].map(() => new Worker("for (;;) ;", { eval: true }));
  try {
    return await use();
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

it("[K34] prints the same --trace-hash three times, and when the host is loaded", async () => {
  const run = async (seed: string): Promise<string> => {
    const { stderr } = await procyon(["boot", "--seed", seed, "--trace-hash"], `${work.replace("/test/pipes", "ls /bin")}\nexit\n`);
    const hash = /trace hash ([0-9a-f]+)/.exec(stderr)?.[1];
    if (hash === undefined) throw new Error(`no hash in ${stderr}`);
    return hash;
  };
  const first = await run("9");
  expect(await run("9")).toBe(first);
  expect(await loaded(() => run("9"))).toBe(first);
});
