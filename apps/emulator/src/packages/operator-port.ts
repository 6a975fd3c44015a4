import type { IrqLine, PortDevice } from "@procyon-os/hardware";

export const OPERATOR_IRQ = 10;
/** 1 while there are bytes of a request. */
export const OPERATOR_STATUS = 0x2e0;
/** The next byte of a request: texts that end with a NUL, the last one followed by a newline. */
export const OPERATOR_REQUEST = 0x2e1;
/** Four bytes, the lowest first: the result of the oldest request. */
export const OPERATOR_RESULT = 0x2e2;

interface OperatorPortState {
  readonly requests: readonly number[];
  readonly result: readonly number[];
}

/** A device of ours: requests of whoever runs the machine come in here, so that they too are input of the machine. */
export class OperatorPort implements PortDevice<OperatorPortState> {
  readonly ports = [OPERATOR_STATUS, OPERATOR_REQUEST, OPERATOR_RESULT];
  onResult: (result: number) => void = () => {};
  private requests: number[] = [];
  private result: number[] = [];
  private readonly irq: IrqLine;

  constructor(irq: IrqLine) {
    this.irq = irq;
  }

  /** Gives the guest a request. */
  request(texts: readonly string[]): void {
    const line = `${texts.map((text) => `${text}\0`).join("")}\n`;
    for (const character of line) this.requests.push(character.charCodeAt(0) & 0xff);
    this.irq.pulse();
  }

  in8(port: number): number {
    if (port === OPERATOR_STATUS) return this.requests.length > 0 ? 1 : 0;
    return port === OPERATOR_REQUEST ? (this.requests.shift() ?? 0) : 0xff;
  }

  out8(port: number, value: number): void {
    if (port !== OPERATOR_RESULT) return;
    this.result.push(value);
    const [a = 0, b = 0, c = 0, d] = this.result;
    if (d === undefined) return;
    this.result = [];
    this.onResult(a | (b << 8) | (c << 16) | (d << 24));
  }

  snapshot(): OperatorPortState {
    return { requests: [...this.requests], result: [...this.result] };
  }

  restore(state: OperatorPortState): void {
    this.requests = [...state.requests];
    this.result = [...state.result];
  }
}
