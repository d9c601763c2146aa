import { membersOf, type JsonToken } from './json-tokens.ts'

/** The tokens with the members of each object in another order. */
export function reordered(
  tokens: readonly JsonToken[],
  order: (a: JsonToken, b: JsonToken) => number,
): readonly JsonToken[] {
  const out: JsonToken[] = []
  write(0, tokens.length)
  return out

  function write(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const token = tokens[at]!
      out.push(token)
      if (token !== '{') continue
      const members = membersOf(tokens, at)
      const sorted = members.toSorted((a, b) => order(tokens[a.from]!, tokens[b.from]!))
      sorted.forEach((member, place) => {
        if (place > 0) out.push(',')
        write(member.from, member.to)
      })
      const last = members.at(-1)
      if (last) at = last.to - 1
    }
  }
}

// The order of so few keys can be found by trying all of them.
const ORDERS = 150

/** The tokens with their members in each order, if these are few. */
export function* allOrders(tokens: readonly JsonToken[]): Generator<readonly JsonToken[]> {
  const sizes = tokens.flatMap((token, at) => (token === '{' ? membersOf(tokens, at).length : []))
  let count = 1
  for (const size of sizes)
    for (let factor = 2; factor <= size; factor++) if ((count *= factor) > ORDERS) return
  // The n-th order of all objects at once: each object takes its part of the number.
  for (let n = 1; n < count; n++) yield ordered(n)

  function ordered(n: number): readonly JsonToken[] {
    const out: JsonToken[] = []
    let rest = n
    write(0, tokens.length)
    return out

    function write(from: number, to: number): void {
      for (let at = from; at < to; at++) {
        const token = tokens[at]!
        out.push(token)
        if (token !== '{') continue
        const left = [...membersOf(tokens, at)]
        const last = left.at(-1)
        for (let size = left.length; size > 0; size--) {
          const [member] = left.splice(rest % size, 1)
          rest = Math.floor(rest / size)
          if (out.at(-1) !== '{') out.push(',')
          write(member!.from, member!.to)
        }
        if (last) at = last.to - 1
      }
    }
  }
}

/** By the code units of the keys. */
export function byKey(a: JsonToken, b: JsonToken): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Keys that look like integers behind the others, as they stood before JavaScript moved them to the front. */
export function integersLast(a: JsonToken, b: JsonToken): number {
  return Number(isInteger(a)) - Number(isInteger(b))
}

/** True for a key that JavaScript puts first, in the order of its number. */
export function isInteger(key: JsonToken): boolean {
  return /^"(?:0|[1-9]\d{0,9})"$/.test(key)
}
