import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

/** A registry that serves these tarballs, in a process of its own (whoever asks may stand still while it waits). */
export interface Registry {
  readonly url: string;
  readonly close: () => void;
}

interface Version { readonly name: string; readonly version: string; readonly dist: { readonly tarball: string; readonly integrity: string } }

function versionOf(file: string, url: string): Version {
  const manifest = JSON.parse(execFileSync("tar", ["-xzOf", file, "package/package.json"], { encoding: "utf8" })) as Version;
  const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
  return { ...manifest, dist: { tarball: `${url}/-/${basename(file)}`, integrity } };
}

/** Serves tarballs as an npm registry does: a packument for each name, and the files. `forge`: it announces other hashes. */
export async function serve(tarballs: readonly string[], { forge = false } = {}): Promise<Registry> {
  const server = createServer((request, response) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    const file = tarballs.find((one) => path === `-/${basename(one)}`);
    if (file !== undefined) return void response.end(readFileSync(file));
    const announced = (one: string): Version => {
      const version = versionOf(one, url);
      return forge ? { ...version, dist: { ...version.dist, integrity: `sha512-${createHash("sha512").digest("base64")}` } } : version;
    };
    const versions = tarballs.map(announced).filter(({ name }) => name === path);
    if (versions.length === 0) return void response.writeHead(404).end("{}");
    const latest = versions.at(-1) as Version;
    response.end(JSON.stringify({ name: path, "dist-tags": { latest: latest.version }, versions: Object.fromEntries(versions.map((one) => [one.version, one])) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}
