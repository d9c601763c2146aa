import { WebhookError } from '@postern/core'
import { list, type XmlObject } from '@postern/core/scheme'

/** The children of an element by their local name: senders choose their prefixes. */
export function children(element: unknown, name: string): readonly (string | XmlObject)[] {
  if (typeof element !== 'object' || element === null) return []
  return Object.entries(element as XmlObject).flatMap(([key, value]) =>
    localName(key) === name ? list(value) : [],
  )
}

/** The one child of that name. Throws `malformed_body` where there is none or more than one. */
export function child(element: unknown, name: string): string | XmlObject {
  const found = children(element, name)
  if (found.length !== 1)
    throw new WebhookError('malformed_body', `the XML has ${found.length} elements ${name}, not 1`)
  return found[0]!
}

/** The text of the one child of that name. */
export function childText(element: unknown, name: string): string {
  const found = child(element, name)
  if (typeof found !== 'string')
    throw new WebhookError('malformed_body', `the element ${name} of the XML is no text`)
  return found
}

/** A name without its prefix. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
