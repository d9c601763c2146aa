import { WebhookError } from '../../errors.ts'

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])
const NUMERIC = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/

/**
 * The text with its references replaced, each once: the five entities of XML and numeric references to characters XML
 * allows.
 *
 * @throws WebhookError `malformed_body` for any other reference and for an ampersand that starts none.
 */
export function decodeXml(text: string): string {
  let next = text.indexOf('&')
  if (next === -1) return text
  let decoded = ''
  let copied = 0
  for (; next !== -1; next = text.indexOf('&', copied)) {
    const end = text.indexOf(';', next)
    if (end === -1) reject('a reference after an ampersand')
    const name = text.slice(next + 1, end)
    decoded += text.slice(copied, next) + (NAMED.get(name) ?? character(name))
    copied = end + 1
  }
  return decoded + text.slice(copied)
}

/** https://www.w3.org/TR/xml/#charsets */
function character(reference: string): string {
  const [, hex, decimal] = NUMERIC.exec(reference) ?? []
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  const allowed =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  return allowed ? String.fromCodePoint(code) : reject('references to what XML defines and allows')
}

function reject(expected: string): never {
  throw new WebhookError('malformed_body', { problem: 'not_xml', expected })
}
