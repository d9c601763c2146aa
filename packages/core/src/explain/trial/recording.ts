import type { Delivery } from '../../delivery.ts'

/** The parts of a delivery that a verification read. */
export interface Reads {
  /** Names of headers, in lower case, in the order they were first read. */
  readonly headers: Set<string>
  url: boolean
  body: boolean
  method: boolean
}

/** The same delivery, noting what is read of it. */
export function recording(delivery: Delivery): {
  readonly delivery: Delivery
  readonly reads: Reads
} {
  const reads: Reads = { headers: new Set(), url: false, body: false, method: false }
  // Noted before the body is read, since reading an invalid body throws.
  const body = <T>(read: () => T): T => {
    reads.body = true
    return read()
  }
  const recorded: Delivery = {
    get method() {
      reads.method = true
      return delivery.method
    },
    get url() {
      reads.url = true
      return delivery.url
    },
    get body() {
      return body(() => delivery.body)
    },
    get content() {
      return body(() => delivery.content)
    },
    get format() {
      return delivery.format
    },
    context: delivery.context,
    limits: delivery.limits,
    header(name) {
      reads.headers.add(name.toLowerCase())
      return delivery.header(name)
    },
    headers(name) {
      reads.headers.add(name.toLowerCase())
      return delivery.headers(name)
    },
    headerLines: () => delivery.headerLines(),
    json: (exact) => body(() => delivery.json(exact)),
    form: () => body(() => delivery.form()),
    xml: () => body(() => delivery.xml()),
    text: () => body(() => delivery.text()),
    query() {
      reads.url = true
      return delivery.query()
    },
  }
  return { delivery: recorded, reads }
}
