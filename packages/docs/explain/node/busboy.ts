// The parser of multipart bodies that core asks for, over bytes that are all there: RFC 2046, section 5.1.1.
import { Buffer } from './buffer.ts'

type Listener = (value: never) => void

class Emitter {
  readonly #listeners = new Map<string, Listener[]>()
  on(event: string, listener: Listener): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
  }

  emit(event: string, value?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(value as never)
  }

  resume(): void {}
}

/** Emits the parts of a body, each with its headers. */
export class Dicer extends Emitter {
  readonly #boundary: string
  constructor({ boundary }: { readonly boundary: string }) {
    super()
    this.#boundary = boundary
  }

  end(body: Uint8Array): void {
    // The first delimiter has no line end before it.
    const bytes = Buffer.concat([Buffer.from('\r\n'), body])
    const delimiter = Buffer.from(`\r\n--${this.#boundary}`)
    for (let at = bytes.indexOf(delimiter); at >= 0;) {
      const start = at + delimiter.length
      if (bytes.subarray(start, start + 2).toString('latin1') === '--') return this.emit('finish')
      const next = bytes.indexOf(delimiter, start)
      if (next < 0) break
      this.#part(bytes.subarray(bytes.indexOf('\r\n', start) + 2, next))
      at = next
    }
    this.emit('error', new Error('Unexpected end of multipart data'))
  }

  #part(bytes: Buffer): void {
    const part = new Emitter()
    this.emit('part', part)
    const end = bytes.indexOf('\r\n\r\n')
    if (end >= 0) part.emit('header', headersOf(bytes.subarray(0, end).toString('latin1')))
    part.emit('data', bytes.subarray(end < 0 ? 0 : end + 4))
  }
}

function headersOf(head: string): Readonly<Record<string, readonly string[]>> {
  const headers: Record<string, string[]> = {}
  for (const line of head.replaceAll(/\r\n[\t ]+/g, ' ').split('\r\n')) {
    const [, name, value] = /^([^:]+):[\t ]*(.*)$/.exec(line) ?? []
    if (name !== undefined) (headers[name.toLowerCase()] ??= []).push(value!)
  }
  return headers
}
