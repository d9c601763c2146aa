// Matches text that cannot be in CDATA: the end mark of CDATA, or a character that XML 1.0 does not allow.
const NOT_XML = /\]\]>|[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/**
 * Returns the members of an object as XML elements, and texts as CDATA. An array becomes one element per item.
 * Characters that CDATA cannot have are removed.
 */
export function xmlElements(fields: object): string {
  return Object.entries(fields)
    .flatMap(([name, value]) =>
      [value as unknown].flat().map((one) => `<${name}>${content(one)}</${name}>`),
    )
    .join('')
}

function content(value: unknown): string {
  if (typeof value === 'object' && value !== null) return xmlElements(value)
  return `<![CDATA[${String((value as string | number | null | undefined) ?? '').replace(NOT_XML, '')}]]>`
}
