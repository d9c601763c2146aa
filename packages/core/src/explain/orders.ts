const MOST = 5

/** Yields all orders of up to five parts. More parts are only sorted, reversed or rotated, or one part is moved. */
export function* orders<T>(parts: readonly T[]): Generator<readonly T[]> {
  if (parts.length < 2 || parts.length > 200) return
  yield parts.toSorted(byText)
  yield parts.toReversed()
  yield parts.toSorted(byText).toReversed()
  if (parts.length <= MOST) {
    yield* permutations(parts)
    return
  }
  for (let at = 1; at < parts.length; at++) yield [...parts.slice(at), ...parts.slice(0, at)]
  for (let at = 1; at < parts.length; at++)
    yield parts.with(at, parts[at - 1]!).with(at - 1, parts[at]!)
  // Moves the last part to each other position, since a proxy may have moved a part to the end.
  for (let at = 0; at < parts.length - 1; at++)
    yield [...parts.slice(0, at), parts.at(-1)!, ...parts.slice(at, -1)]
}

function* permutations<T>(parts: readonly T[]): Generator<readonly T[]> {
  if (parts.length < 2) return yield parts
  for (const [at, first] of parts.entries()) {
    const others = parts.filter((_, place) => place !== at)
    for (const rest of permutations(others)) yield [first, ...rest]
  }
}

function byText<T>(a: T, b: T): number {
  const [one, other] = [String(a), String(b)]
  return one < other ? -1 : one > other ? 1 : 0
}
