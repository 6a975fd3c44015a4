/** A wire from a device to the interrupt controller. */
export interface IrqLine {
  raise(): void;
  lower(): void;
  /** Up and down again: one edge. */
  pulse(): void;
}
