/**
 * An XML element. Members are its children, by name as written (`soapenv:Body`), its attributes, as `@name`, and its
 * text, as `#text`. All values stay strings.
 */
export interface XmlObject {
  [name: string]: XmlValue
}

/** Text, or an object if the element has attributes or children. Several siblings with the same name are an array. */
type XmlValue = string | XmlObject | (string | XmlObject)[]

export interface XmlOptions {
  readonly depth: number
  /** Name of the option that sets `depth`, for the error message. @default 'limits.depth' */
  readonly option?: string
}

let loading: Promise<void> | undefined
let reader: ((text: string, options: XmlOptions) => XmlObject) | undefined

/** Loads the XML parser, once per process. Apps that receive no XML never load it. */
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

export function xmlReady(): boolean {
  return reader !== undefined
}

/**
 * Parses a document to `{ rootName: value }`. The document must be well-formed and have one root and no DOCTYPE. Only
 * the five entities of XML and references to allowed characters are decoded. Decoded text is not decoded again.
 *
 * @throws WebhookError `malformed_body` or `too_deep`. Error if {@link loadXml} has not resolved yet.
 */
export function parseXml(text: string, options: XmlOptions): XmlObject {
  if (reader === undefined) throw new Error('parseXml() was called before loadXml() had resolved')
  return reader(text, options)
}

export function list(value: XmlValue | undefined): (string | XmlObject)[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

const DECLARED = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/

/**
 * Returns the charset that an XML document names in its byte order mark, or else in its declaration (XML 1.0, appendix
 * F). The charset is in lower case; undefined means UTF-8. A charset in the Content-Type header takes precedence.
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
  // The declaration was read as ASCII, so the document is not in UTF-16, whatever the declaration says.
  return declared?.startsWith('utf-16') === true ? 'utf-8' : declared
}

/**
 * Returns true if the XML may have more than `limit` elements and attributes, by its number of `<` and `=`. Without
 * this limit, parsing a mebibyte of empty elements takes a third of a second.
 */
export function hasMoreTags(xml: string, limit: number): boolean {
  // Each element or attribute needs at least four characters, so a short text cannot exceed the limit.
  if (xml.length <= limit * 4) return false
  let count = 0
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at + 1))
    if (xml.charCodeAt(at + 1) !== SLASH && ++count > limit) return true
  for (let at = xml.indexOf('='); at !== -1; at = xml.indexOf('=', at + 1))
    if (++count > limit) return true
  return false
}

const SLASH = 0x2f
