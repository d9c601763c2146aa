// The end of CDATA, and characters that XML 1.0 does not allow.
const NOT_XML = /\]\]>|[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/**
 * The members of an object as elements of XML, for `sign`: texts as CDATA, objects as elements inside, an array as one
 * element for each item. Characters that XML has no place for are left out.
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
