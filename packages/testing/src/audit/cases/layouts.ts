import { type AuditCase, casesLike, headerOf, textOfBody, withHeader } from '../request.ts'
import type { AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'

const KIB = 1024

/**
 * Returns cases with genuine events in several JSON layouts, each signed as it is sent. A receiver that parses the
 * body, and verifies JSON that it has written itself, rejects some layouts.
 */
export function layoutCases(sender: AuditSender): readonly AuditCase[] {
  const { facts, about } = sender
  const like = casesLike({
    class: 'authentic',
    severity: 'high',
    expects: { reply: 'taken', effects: 1 },
    why: 'The signature covers the bytes. JSON that is parsed and written again has different bytes.',
    remedy: 'raw-body',
    ...skipUnless(
      facts.json && canRebody(sender),
      'the sender’s bodies are not JSON that anybody can write',
    ),
  })
  const layout = (
    id: string,
    what: string,
    change: (text: string) => string,
    more?: Partial<AuditCase>,
  ): AuditCase =>
    like(
      id,
      what,
      () => {
        const request = sender.sign()
        return sender.rebody(request, change(textOfBody(request)))
      },
      more,
    )
  const { largest } = facts
  // The default limit of a body parser is often lower than the sender's largest body.
  const size = largest === undefined ? 150 * KIB : Math.min(largest - KIB, 1024 * KIB)
  return [
    layout('escapes', 'JSON with escapes: \\u00e9, \\/', (text) =>
      withMember(text, '"\\u00e9t\\u00e9\\/\\ud83d\\ude00"'),
    ),
    layout('numbers', 'JSON with 1.0, 1e2 and a number of 20 digits', (text) =>
      withMember(text, '[1.0,1e2,12345678901234567890]'),
    ),
    layout('unicode', 'JSON with UTF-8 as it is, U+2028 and an emoji among it', (text) =>
      withMember(text, '"été \u2028 郵便局 📮"'),
    ),
    layout(
      'indented',
      'JSON with an indent of two',
      (text) => JSON.stringify(JSON.parse(text), null, 2),
      about.delivers.json === 'indented'
        ? {}
        : {
            severity: 'note',
            why: 'This sender may not write JSON like this, but its signature allows it.',
          },
    ),
    layout('newline', 'JSON with a line break at its end', (text) => `${text}\n`, {
      severity: 'note',
      why: 'This sender may not write JSON like this, but its signature allows it.',
    }),
    like(
      'charset',
      'the type application/json; charset=utf-8',
      () => withHeader(sender.sign(), 'content-type', 'application/json; charset=utf-8'),
      {
        severity: 'medium',
        why: 'A body parser that compares the complete Content-Type does not read such a body.',
        ...skipUnless(
          headerOf(sender.sign(), 'content-type')?.startsWith('application/json') === true &&
            !sender.provider.labelled,
          'the sender’s type is another, or it signs the type',
        ),
      },
    ),
    layout(
      'big',
      `a genuine delivery of ${Math.floor(size / KIB)} KiB`,
      (text) => withMember(text, `"${'a'.repeat(Math.max(0, size - text.length - 30))}"`),
      {
        severity: largest === undefined ? 'medium' : 'high',
        why: 'Large events are genuine too. A rejected event is lost.',
        remedy: 'body-limit',
        heavy: size > 256 * KIB,
      },
    ),
  ]
}

/** Returns true if any body can be signed. For this, the signature must be outside of the body. */
export function canRebody(sender: AuditSender): boolean {
  const { place } = sender.about
  if (sender.facts.covers !== 'bytes' && !(sender.facts.covers === 'none' && sender.facts.place))
    return false
  if (place && 'field' in place) return false
  try {
    const request = sender.sign()
    const text = textOfBody(request)
    return textOfBody(sender.rebody(request, `${text} `)) === `${text} `
  } catch {
    return false
  }
}

function withMember(text: string, value: string): string {
  const inner = text.replace(/\s*\}\s*$/, '')
  return `${inner}${inner.endsWith('{') ? '' : ','}"postern_audit":${value}}`
}
