import type { ContractReference, ServiceImage } from "@procyon-os/message";
import { UsageError } from "../cli/usage-error.ts";
import type { ServiceProgram } from "../boot-image.ts";

const provided = (image: ServiceImage): readonly ContractReference[] => (image.contract === undefined ? (image.provides ?? []) : [image.contract]);

/** Refuses a machine in which a service calls a contract that another one has in a version which does not suit it. */
export async function checkRequirements(services: { readonly [name: string]: ServiceProgram }): Promise<void> {
  const images = Object.values(services).filter((program): program is ServiceImage => !(program instanceof Uint8Array));
  const requiring = images.filter(({ requires }) => (requires?.length ?? 0) > 0);
  if (requiring.length === 0) return;
  const { default: semver } = await import("semver");
  for (const image of requiring) {
    for (const { name, version } of image.requires ?? []) {
      if (semver.validRange(version) === null) throw new UsageError(`${image.name}@${image.version}: it requires ${name} ${version}, which is no range of versions`);
      for (const other of images) {
        const offer = provided(other).find((one) => one.name === name);
        if (offer === undefined || semver.satisfies(offer.version, version)) continue;
        throw new UsageError(`${image.name}@${image.version} requires the contract ${name} ${version}, and ${other.name}@${other.version} provides ${offer.version}`);
      }
    }
  }
}
