import { WebhookError } from '../errors.ts'

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * The text with its references replaced, each once: the five entities of XML and numeric references to characters XML
 * allows.
 *
 * @throws WebhookError `malformed_body` for any other reference and for an ampersand that begins none.
 */
export function decodeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(
    /&(?:#x([0-9a-fA-F]+);|#([0-9]+);|(\w+);)?/g,
    (_, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined)
        return (
          NAMED.get(name) ?? refuse('the XML body refers to an entity that XML does not define')
        )
      if (hex !== undefined) return character(Number.parseInt(hex, 16))
      if (decimal !== undefined) return character(Number.parseInt(decimal, 10))
      return refuse('the XML body has an ampersand that begins no reference')
    },
  )
}

/** https://www.w3.org/TR/xml/#charsets */
function character(code: number): string {
  const allowed =
    code === 0x9 ||
    code === 0xa ||
    code === 0xd ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  return allowed
    ? String.fromCodePoint(code)
    : refuse('the XML body refers to a character that XML does not allow')
}

function refuse(message: string): never {
  throw new WebhookError('malformed_body', message)
}
