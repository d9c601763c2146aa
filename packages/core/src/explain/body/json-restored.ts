import type { JsonToken } from './json-tokens.ts'

// Ways to combine the places that may have been written otherwise.
const COMBINED = 300
const MOST_PLACES = 100

/** The tokens with what a parser into values loses: zeros and exponents of numbers, and empty objects that became lists. */
export function* restored(tokens: readonly JsonToken[]): Generator<readonly JsonToken[]> {
  const places: { readonly at: number; readonly others: readonly JsonToken[] }[] = []
  for (const [at, token] of tokens.entries()) {
    const others = othersOf(token, tokens[at + 1])
    if (others.length > 0) places.push({ at, others })
    if (places.length > MOST_PLACES) return
  }
  for (const { at, others } of places) for (const other of others) yield put(tokens, [at], other)
  const kinds = [
    places,
    places.filter(({ at }) => tokens[at]!.includes('.')),
    places.filter(({ at }) => /^-?\d+$/.test(tokens[at]!)),
    places.filter(({ at }) => tokens[at] === '['),
  ]
  for (const kind of kinds)
    for (const which of [0, 1])
      if (kind.length > 1)
        yield kind.reduce(
          (all, { at, others }) => put(all, [at], others[which] ?? others[0]!),
          tokens,
        )
  const ways = [3, 2].find((most) => countOf(most) <= COMBINED)
  if (ways === undefined || places.length < 2) return
  for (let chosen = 1; chosen < countOf(ways); chosen++) {
    let rest = chosen
    yield places.reduce((all, { at, others }) => {
      const size = Math.min(others.length + 1, ways)
      const which = rest % size
      rest = Math.floor(rest / size)
      return which === 0 ? all : put(all, [at], others[which - 1]!)
    }, tokens)
  }

  function countOf(most: number): number {
    return places.reduce((all, { others }) => all * Math.min(others.length + 1, most), 1)
  }
}

function put(
  tokens: readonly JsonToken[],
  [at]: readonly [number],
  other: JsonToken,
): readonly JsonToken[] {
  return other === '{}' ? tokens.with(at!, '{').with(at! + 1, '}') : tokens.with(at!, other)
}

function othersOf(token: JsonToken, next: JsonToken | undefined): readonly JsonToken[] {
  // PHP reads an empty object into an empty list.
  if (token === '[' && next === ']') return ['{}']
  if (/^-?\d+(?:\.0)?$/.test(token)) {
    const whole = token.replace('.0', '')
    const exponent = /^(-?\d)(\d*?)(0{4,})$/.exec(whole)
    const digits = exponent && `${exponent[1]}${exponent[2] === '' ? '' : `.${exponent[2]}`}`
    const power = whole.replace('-', '').length - 1
    return [
      ...(digits ? ['E', 'e', 'e+', 'E+'].map((letter) => digits + letter + power) : []),
      ...(whole === token ? [`${whole}.0`, `${whole}.00`] : [`${token}0`, whole]),
    ]
  }
  if (/^-?\d+\.\d+$/.test(token)) return [`${token}0`, `${token}00`]
  const [, digits, sign = '', power] = /^(-?\d+(?:\.\d+)?)[eE]([+-]?)0*(\d+)$/.exec(token) ?? []
  if (digits === undefined) return []
  const all = ['e', 'E'].flatMap((letter) => [
    `${digits}${letter}${sign}${power}`,
    `${digits}${letter}${sign === '' ? '+' : sign}${power}`,
    `${digits}${letter}${sign === '' ? '+' : sign}${power!.padStart(2, '0')}`,
  ])
  return [...new Set(all)].filter((other) => other !== token)
}
