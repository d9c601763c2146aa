import { decideFormat, labelCounts, labelOf, type Declaration } from '../body/formats.ts'
import { parseForm } from '../body/form.ts'
import { gunzip, isCoded } from '../body/inflate.ts'
import { hasMoreNodes } from '../body/json-nodes.ts'
import { parseJson } from '../body/json.ts'
import { parseMediaType } from '../body/media-type.ts'
import { decodeText } from '../body/text.ts'
import { hasMoreTags } from '../body/xml/xml-tags.ts'
import { parseXml, xmlCharset, type XmlObject } from '../body/xml/xml.ts'
import type { Delivery, Json } from '../delivery.ts'
import { WebhookError } from '../errors.ts'
import type { HeaderLines } from '../basics/header-lines.ts'
import type { Limits } from '../limits.ts'
import type { Format } from '../provider/provider.ts'

/** A delivery that parses on demand, in two phases: within `limits.unverified` until `verify` is called. */
// A class, since one is made for each request and lazy members on a prototype cost nothing until they are used.
export class HttpDelivery implements Delivery {
  readonly method: string
  readonly url: string
  readonly body: Uint8Array
  readonly context: Json | undefined
  readonly limits: Limits
  readonly #lines: HeaderLines
  readonly #declared: Declaration
  #verified = false
  #content: Uint8Array | undefined
  #format: Format | undefined
  #text: string | undefined
  #json: { value: unknown } | undefined
  #exact: { value: unknown } | undefined
  #form: URLSearchParams | undefined
  #xml: XmlObject | undefined
  #query: URLSearchParams | undefined

  constructor(
    method: string,
    url: string,
    lines: HeaderLines,
    body: Uint8Array,
    context: Json | undefined,
    limits: Limits,
    declared: Declaration,
  ) {
    this.method = method
    this.url = url
    this.body = body
    this.context = context
    this.limits = limits
    this.#lines = lines
    this.#declared = declared
  }

  verify(): void {
    if (this.#verified) return
    this.#verified = true
    if (!isCoded(this.body, this.#declared)) return
    // Values read from the compressed bytes are wrong now.
    this.#format = this.#text = this.#json = this.#exact = this.#form = this.#xml = undefined
  }

  /** Inflates the body before it is verified, within the bound of strangers. */
  decode(): Uint8Array {
    return (this.#content ??= inflateUnverified(this))
  }

  get content(): Uint8Array {
    if (!this.#verified) return this.body
    return (this.#content ??= isCoded(this.body, this.#declared)
      ? gunzip(this.body, this.limits.inflated)
      : this.body)
  }

  get format(): Format {
    return (this.#format ??= decideFormat(this, this.#declared))
  }

  header(name: string): string | undefined {
    return this.#lines.get(name.toLowerCase())
  }

  headers(name: string): readonly string[] {
    return this.#lines.all(name.toLowerCase())
  }

  headerLines(): Iterable<readonly [string, string]> {
    return this.#lines.lines()
  }

  json(exact?: 'exact'): unknown {
    if (exact) return (this.#exact ??= { value: this.#parseJson(true) }).value
    return (this.#json ??= { value: this.#parseJson(false) }).value
  }

  form(): URLSearchParams {
    return (this.#form ??= parseForm(this.#source(), ...this.#fields(this.#charset())))
  }

  xml(): XmlObject {
    return (this.#xml ??= this.#parseXml())
  }

  text(): string {
    return (this.#text ??= this.#source())
  }

  query(): URLSearchParams {
    if (this.#query === undefined) {
      const [head] = this.url.split('#', 1) as [string]
      const start = head.indexOf('?')
      this.#query = parseForm(start < 0 ? '' : head.slice(start + 1), ...this.#fields(undefined))
    }
    return this.#query
  }

  #parseJson(exact: boolean): unknown {
    const text = this.#source()
    const { limits, content: bytes } = this
    if (this.#verified) return parseJson(text, { depth: limits.depth, exact, bytes })
    const { nodes } = limits.unverified
    if (hasMoreNodes(text, nodes)) throw tooComplex(nodes, 'values', 'nodes')
    return parseJson(text, { ...this.#depth(), exact })
  }

  #parseXml(): XmlObject {
    const { content, limits } = this
    const { xml } = limits.unverified
    if (!this.#verified && content.byteLength > xml) throw tooComplex(xml, 'bytes of XML', 'xml')
    const charset = this.#labelCharset() ?? xmlCharset(content) ?? this.#charset()
    const text = decodeText(content, charset)
    const { nodes } = limits.unverified
    if (!this.#verified && hasMoreTags(text, nodes))
      throw tooComplex(nodes, 'elements and attributes', 'nodes')
    return parseXml(text, this.#depth())
  }

  #fields(
    charset: string | undefined,
  ): [fields: number, charset: string | undefined, option: string] {
    const { fields, unverified } = this.limits
    return this.#verified || fields <= unverified.fields
      ? [fields, charset, 'limits.fields']
      : [unverified.fields, charset, 'limits.unverified.fields']
  }

  #depth(): { readonly depth: number; readonly option: string } {
    const { depth, unverified } = this.limits
    return this.#verified || depth <= unverified.depth
      ? { depth, option: 'limits.depth' }
      : { depth: unverified.depth, option: 'limits.unverified.depth' }
  }

  // Not cached: a parsed delivery lives as long as its tasks, and its text is not read again.
  #source(): string {
    return this.#text ?? decodeText(this.content, this.#charset())
  }

  #charset(): string | undefined {
    return this.#labelCharset() ?? this.#declared.charsets?.[0]
  }

  #labelCharset(): string | undefined {
    if (!labelCounts(this, this.#declared)) return undefined
    // A label of another format says nothing about this body's charset, and JSON has one charset only.
    return this.format === labelOf(this) && this.format !== 'json'
      ? parseMediaType(this.header('content-type')).charset
      : undefined
  }
}

/** The inflated bytes of a body that nobody has verified. */
export function inflateUnverified({ body, limits }: Pick<Delivery, 'body' | 'limits'>): Uint8Array {
  const { inflated } = limits.unverified
  return gunzip(body, Math.min(inflated, limits.inflated), 'limits.unverified.inflated')
}

function tooComplex(limit: number, got: string, option: 'nodes' | 'xml'): WebhookError {
  return new WebhookError('too_complex', {
    problem: 'too_complex',
    got,
    option: `limits.unverified.${option}`,
    limit,
  })
}
