/**
 * An element with attributes or children: children by their name as it is written (`soapenv:Body`), attributes by
 * `@name`, text next to them as `#text`. No value is turned into a number or a boolean.
 */
export interface XmlObject {
  [name: string]: XmlValue
}

/**
 * The value of an element: its text if it has no attribute and no child (`''` if it is empty), else an object;
 * an array of these if several siblings share the name. {@link list} makes it an array in every case.
 */
type XmlValue = string | XmlObject | (string | XmlObject)[]

/** How {@link parseXml} reads. */
export interface XmlOptions {
  /** The deepest nesting of elements; deeper is rejected with `too_deep`. */
  readonly depth: number
  /** Name of the option that chose `depth`, for the message. @default 'limits.depth' */
  readonly option?: string
}

let loading: Promise<void> | undefined
let reader: ((text: string, options: XmlOptions) => XmlObject) | undefined

/** True if a provider's bodies may be XML. */
export function readsXml({
  xml,
  formats,
}: {
  readonly xml?: boolean
  readonly formats?: readonly string[]
}): boolean {
  return xml === true || formats?.includes('xml') === true
}

/** Loads the XML parser, once in the life of the process; apps that get no XML never pay for it. */
export function loadXml(): Promise<void> {
  return (loading ??= import('./xml-read.ts').then(
    (module) => {
      reader = module.read
    },
    (error: unknown) => {
      loading = undefined
      throw error
    },
  ))
}

/** True once {@link loadXml} has resolved. */
export function xmlReady(): boolean {
  return reader !== undefined
}

/**
 * The document as `{ rootName: value }`. Strict: no DOCTYPE, one root, well-formed, only the five entities of XML and
 * references to characters XML allows, nothing expanded twice.
 *
 * @throws WebhookError `malformed_body`, `too_deep`. Error if {@link loadXml} has not resolved yet.
 */
export function parseXml(text: string, options: XmlOptions): XmlObject {
  if (reader === undefined) throw new Error('parseXml() was called before loadXml() had resolved')
  return reader(text, options)
}

/** The value of an element that may be absent, single or repeated, always as an array. */
export function list(value: XmlValue | undefined): (string | XmlObject)[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

const DECLARED = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/

/**
 * The charset an XML document names itself, by its byte order mark or else by its declaration (XML 1.0, appendix F), in
 * lower case; undefined without one, which means UTF-8. A charset parameter of the Content-Type wins.
 */
export function xmlCharset(bytes: Uint8Array): string | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0 && c === 0x3f && d === 0))
    return 'utf-16le'
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c && c === 0 && d === 0x3f))
    return 'utf-16be'
  if (a !== 0x3c || b !== 0x3f) return undefined
  const declared = DECLARED.exec(String.fromCharCode(...bytes.subarray(0, 256)))?.[1]?.toLowerCase()
  // A declaration that was read as ASCII is not in UTF-16, whatever it says.
  return declared?.startsWith('utf-16') === true ? 'utf-8' : declared
}

/**
 * True if an XML text has more than `limit` elements and attributes. It reads the text once and parses nothing: parsing
 * a mebibyte of empty elements costs a third of a second. What is not XML gets some answer, and an error from the parser.
 */
export function hasMoreTags(xml: string, limit: number): boolean {
  // Each of them takes at least four characters.
  if (xml.length <= limit * 4) return false
  let count = 0
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at + 1))
    if (xml.charCodeAt(at + 1) !== SLASH && ++count > limit) return true
  for (let at = xml.indexOf('='); at !== -1; at = xml.indexOf('=', at + 1))
    if (++count > limit) return true
  return false
}

const SLASH = 0x2f
