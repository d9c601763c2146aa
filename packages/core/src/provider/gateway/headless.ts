import type { Delivery } from '../../delivery.ts'

const NO_LINES: readonly string[] = []

/** The delivery as its body alone shows it: without headers and query. */
export function headless(delivery: Delivery): Delivery {
  return {
    method: delivery.method,
    url: delivery.url.replace(/[?#].*$/s, ''),
    body: delivery.body,
    context: delivery.context,
    limits: delivery.limits,
    get content() {
      return delivery.content
    },
    get format() {
      return delivery.format
    },
    header: () => undefined,
    headers: () => NO_LINES,
    headerLines: () => [],
    json: (exact) => delivery.json(exact),
    form: () => delivery.form(),
    xml: () => delivery.xml(),
    text: () => delivery.text(),
    query: () => new URLSearchParams(),
  }
}
