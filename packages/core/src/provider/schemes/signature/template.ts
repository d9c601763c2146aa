import type { Delivery } from '../../../delivery.ts'
import { singleHeader } from './header.ts'
import type { Message } from './message.ts'

type Part = (delivery: Delivery, timestamp: string | undefined) => string | Uint8Array

const PLACE = /\{([^{}]*)\}/

/**
 * Makes the function that fills a message template. `{body}` stands for the exact bytes, `{time}` for the signed time as written,
 * `{method}` and `{url}` for those of the request, `{header:x-request-id}` for a header that must be there once.
 *
 * @throws TypeError if the template has another place in braces, or none.
 *
 * @example hmac({ header: 'x-signature', timestampHeader: 'x-time', message: messageTemplate('v0:{time}:{body}') })
 */
export function messageTemplate(
  template: string,
): (delivery: Delivery, timestamp: string | undefined) => Message {
  // The two that nearly all senders use, without a list of parts for each delivery.
  if (template === '{body}') return (delivery) => delivery.body
  const pieces = template.split(PLACE)
  if (pieces.length === 1) throw unfit(template)
  const parts = pieces.flatMap((piece, at): Part[] =>
    at % 2 === 1 ? [place(piece, template)] : piece === '' ? [] : [() => piece],
  )
  return (delivery, timestamp) => {
    const message: (string | Uint8Array)[] = []
    let text = ''
    for (const part of parts) {
      const value = part(delivery, timestamp)
      if (typeof value === 'string') text += value
      else {
        if (text !== '') message.push(text)
        message.push(value)
        text = ''
      }
    }
    if (text !== '') message.push(text)
    return message
  }
}

function place(name: string, template: string): Part {
  if (name.startsWith('header:')) {
    const header = name.slice(7).toLowerCase()
    return (delivery) => singleHeader(delivery, header)
  }
  switch (name) {
    case 'body':
      return (delivery) => delivery.body
    case 'time':
      return (_delivery, timestamp) => timestamp ?? ''
    case 'method':
      return (delivery) => delivery.method
    case 'url':
      return (delivery) => delivery.url
    default:
      throw unfit(template)
  }
}

function unfit(template: string): TypeError {
  return new TypeError(
    `message must hold {body}, {time}, {method}, {url} or {header:name} in braces, got ${template}`,
  )
}
