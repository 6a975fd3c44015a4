import type { ServiceImage } from "@procyon-os/message";
import type { ServiceProgram } from "../boot-image.ts";

/** The packages that a guest can name, and under which names. */
export class PackageShelf {
  private readonly images = new Map<string, ServiceImage>();
  private readonly fetched: ((reference: string) => ServiceImage | null) | null;

  /** @param fetched asked for what is not here: the answer is kept, so that a reference means one thing for the whole run */
  constructor(services: { readonly [name: string]: ServiceProgram }, packages: readonly ServiceImage[], fetched: ((reference: string) => ServiceImage | null) | null) {
    this.fetched = fetched;
    const programs = Object.values(services).filter((program): program is ServiceImage => !(program instanceof Uint8Array));
    for (const image of [...programs, ...packages]) if (!this.images.has(`${image.name}@${image.version}`)) this.add(image);
  }

  /** Puts an image there and says what it is called; one that has another's name and version gets a number behind them. */
  add(image: ServiceImage): string {
    const plain = `${image.name}@${image.version}`;
    let reference = plain;
    for (let number = 2; this.images.has(reference) && this.images.get(reference) !== image; number++) reference = `${plain}+${number}`;
    this.images.set(reference, image);
    return reference;
  }

  /** What a reference stands for: NAME@VERSION, or NAME for the first of that name. */
  find(reference: string): ServiceImage | null {
    const exact = this.images.get(reference) ?? (reference.indexOf("@", 1) < 0 ? [...this.images.values()].find(({ name }) => name === reference) : undefined);
    if (exact !== undefined) return exact;
    const image = this.fetched?.(reference) ?? null;
    if (image !== null) {
      this.images.set(reference, image);
      this.images.set(`${image.name}@${image.version}`, image);
    }
    return image;
  }
}
