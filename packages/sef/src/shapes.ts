/** One for each beginning of a list of names: where the next name leads. */
export interface Step {
  /** The name that came last time, and where it led: mostly it is the next one too. */
  name: string | null;
  next: Step | null;
  /** The other names that came here; null where there was one at most. */
  others: Map<string, Step> | null;
  /** The shape that ends here, or -1. */
  id: number;
  readonly before: Step | null;
  /** The name that leads here from there. */
  readonly own: string;
}

const newStep = (before: Step | null, own: string): Step => ({ name: null, next: null, others: null, id: -1, before, own });

function namesOf(step: Step): string[] {
  const names: string[] = [];
  for (let at = step; at.before !== null; at = at.before) names.push(at.own);
  return names.reverse();
}

/** More than a service has that keeps records: what keeps names of its own making as fields is written with its names. */
const MOST_SHAPES = 1000;

/**
 * The lists of field names of a service's objects, each with a number. Objects of one kind are many and change often: with the
 * number in place of the names they take a fraction of the time and the bytes.
 */
export class Shapes {
  readonly root: Step = newStep(null, "");
  /** Field names by number. */
  readonly list: (readonly string[])[] = [];

  /** Where a name leads from a step: another one than last time. */
  follow(from: Step, name: string): Step {
    let next = from.others?.get(name);
    if (next === undefined) {
      next = newStep(from, name);
      if (from.next !== null) from.others ??= new Map([[from.name as string, from.next]]);
      from.others?.set(name, next);
    }
    from.name = name;
    from.next = next;
    return next;
  }

  /** The number of the shape that ends at a step; -1 where there are too many. */
  numberOf(step: Step): number {
    if (step.id < 0 && this.list.length < MOST_SHAPES) step.id = this.list.push(namesOf(step)) - 1;
    return step.id;
  }
}
