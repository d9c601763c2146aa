import type { IncomingMessage } from 'node:http'
import type { HeaderLines } from '@postern/core'

const NONE: readonly string[] = []

/** Reads headers where node:http put them: nothing is copied, and the request itself is not retained. */
export class NodeHeaders implements HeaderLines {
  readonly #headers: IncomingMessage['headers']
  readonly #raw: readonly string[]

  constructor(request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>) {
    this.#headers = request.headers
    this.#raw = request.rawHeaders
  }

  get(name: string): string | undefined {
    const value: unknown = this.#headers[name]
    // The record is a plain object: a header called `constructor` must not find the inherited member.
    return typeof value === 'string' ? value : Array.isArray(value) ? String(value[0]) : undefined
  }

  all(name: string): readonly string[] {
    const raw = this.#raw
    // Serverless shims make only the record.
    if (raw.length === 0) return this.#record(name)
    let values: string[] | undefined
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const line = raw[at]!
      if (line.length !== name.length || line.toLowerCase() !== name) continue
      // Mostly there is one, and V8 makes room for 17 if an empty list grows.
      if (values) values.push(raw[at + 1]!)
      else values = [raw[at + 1]!]
    }
    return values ?? NONE
  }

  lines(): readonly (readonly [string, string])[] {
    const raw = this.#raw
    const lines: (readonly [string, string])[] = []
    if (raw.length === 0) {
      for (const name of Object.keys(this.#headers))
        for (const value of this.#record(name)) lines.push([name, value])
    }
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at]!.toLowerCase()
      // HTTP/2 puts method and path among the headers.
      if (!name.startsWith(':')) lines.push([name, raw[at + 1]!])
    }
    return lines
  }

  #record(name: string): readonly string[] {
    const value: unknown = this.#headers[name]
    return typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : []
  }
}
