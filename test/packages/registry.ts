import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";

/** A registry that serves these tarballs. */
export interface Registry {
  readonly url: string;
  readonly close: () => void;
}

interface Version { readonly name: string; readonly version: string; readonly dist: { readonly tarball: string; readonly integrity: string } }

const BLOCK = 512; // of a tar file: a header, or a part of what follows it

/** The manifest in a packed package. */
function manifestIn(tarball: Buffer): Version {
  const tar = gunzipSync(tarball);
  const text = (at: number, length: number): string => tar.toString("latin1", at, at + length).split("\0")[0] as string;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const size = parseInt(text(at + 124, 12), 8) || 0;
    if (text(at, 100) === "package/package.json") return JSON.parse(tar.toString("utf8", at + BLOCK, at + BLOCK + size)) as Version;
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  throw new Error("a tarball without package/package.json");
}

function versionOf(file: string, url: string): Version {
  const tarball = readFileSync(file);
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  return { ...manifestIn(tarball), dist: { tarball: `${url}/-/${basename(file)}`, integrity } };
}

/** Serves tarballs as an npm registry does: a packument for each name, and the files. `forge`: it announces other hashes. */
export async function serve(tarballs: readonly string[], { forge = false } = {}): Promise<Registry> {
  let versions: readonly Version[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    const file = tarballs.find((one) => path === `-/${basename(one)}`);
    if (file !== undefined) return void response.end(readFileSync(file));
    const found = versions.filter(({ name }) => name === path);
    if (found.length === 0) return void response.writeHead(404).end("{}");
    const latest = found.at(-1) as Version;
    response.end(JSON.stringify({ name: path, "dist-tags": { latest: latest.version }, versions: Object.fromEntries(found.map((one) => [one.version, one])) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const forged = { integrity: `sha512-${createHash("sha512").digest("base64")}` };
  versions = tarballs.map((file) => versionOf(file, url)).map((one) => (forge ? { ...one, dist: { ...one.dist, ...forged } } : one));
  return { url, close: () => void server.close() };
}
