/** Lets the first `most` values of each owner pass; any other becomes `rest`, so that the network makes no series. */
export interface Bounded {
  (owner: string, value: string): string
}

// A label of a kilobyte is no name.
const LONGEST = 200

/** Makes the bound of an attribute. */
export function createBounded(most: number, rest: string): Bounded {
  const owners = new Map<string, Set<string>>()
  return (owner, value) => {
    let known = owners.get(owner)
    if (!known) owners.set(owner, (known = new Set()))
    if (known.has(value)) return value
    if (known.size >= most || value.length > LONGEST) return rest
    known.add(value)
    return value
  }
}
