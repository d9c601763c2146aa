import { membersOf, type Token } from './json-tokens.ts'

/** The tokens with the members of each object in another order. */
export function reordered(
  tokens: readonly Token[],
  order: (a: Token, b: Token) => number,
): readonly Token[] {
  const out: Token[] = []
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

/** By the code units of the keys. */
export function byKey(a: Token, b: Token): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Keys that look like integers behind the others, as they stood before JavaScript moved them to the front. */
export function integersLast(a: Token, b: Token): number {
  return Number(isInteger(a)) - Number(isInteger(b))
}

/** True for a key that JavaScript puts first, in the order of its number. */
export function isInteger(key: Token): boolean {
  return /^"(?:0|[1-9]\d{0,9})"$/.test(key)
}
