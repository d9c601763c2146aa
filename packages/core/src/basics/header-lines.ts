/** How a host hands over the header lines it received. Names are asked for in lower case. */
export interface HeaderLines {
  /** The value of the header. Of a repeated header it is the first value, or all of them if the host joins them. */
  get(name: string): string | undefined
  /** Every line of that name, in order and apart, as far as the host keeps them apart. */
  all(name: string): readonly string[]
  /** Every line as name and value, names in lower case. */
  lines(): Iterable<readonly [name: string, value: string]>
}

/** Headers in any form a host has them. */
export type GivenHeaders =
  | HeaderLines
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers as this code reads them. */
export function toHeaderLines(headers: GivenHeaders | undefined): HeaderLines {
  if (headers === undefined) return new HeaderMap([])
  if ('lines' in headers && typeof headers.lines === 'function') return headers as HeaderLines
  if (Symbol.iterator in headers)
    return new HeaderMap(headers as Iterable<readonly [string, string]>)
  return new HeaderMap(
    recordLines(headers as Readonly<Record<string, string | readonly string[] | undefined>>),
  )
}

function* recordLines(
  record: Readonly<Record<string, string | readonly string[] | undefined>>,
): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'string') yield [name, value]
    else if (value !== undefined) for (const line of value) yield [name, line]
  }
}

class HeaderMap implements HeaderLines {
  readonly #map = new Map<string, string[]>()

  constructor(lines: Iterable<readonly [string, string]>) {
    for (const [name, value] of lines) {
      const key = name.toLowerCase()
      const known = this.#map.get(key)
      if (known) known.push(value)
      else this.#map.set(key, [value])
    }
  }

  get(name: string): string | undefined {
    return this.#map.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#map.get(name) ?? []
  }

  *lines(): Iterable<readonly [string, string]> {
    for (const [name, values] of this.#map) for (const value of values) yield [name, value]
  }
}
