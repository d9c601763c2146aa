import {
  type AuditCase,
  casesLike,
  textOfBody,
  withOtherBody,
  type AuditRequest,
} from '../request.ts'
import type { AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'
import { canRebody } from './layouts.ts'
import { FORGERY } from './signatures.ts'

const NOT_COVERED = 'the sender’s signature does not cover the bytes of the body'

/** Returns cases with deliveries whose signature belongs to another body. The receiver must reject them. */
export function otherBodyCases(sender: AuditSender): readonly AuditCase[] {
  const { facts } = sender
  const under = casesLike({ ...FORGERY, ...skipUnless(facts.covers === 'bytes', NOT_COVERED) })
  const rewritable = facts.covers === 'bytes' && facts.json && canRebody(sender)
  const rewritten = {
    severity: 'high' as const,
    remedy: 'raw-body' as const,
    why: 'Two parsers can read one text differently: only the bytes are what was signed.',
    ...skipUnless(rewritable, 'the sender’s bodies are not JSON whose bytes are signed'),
  }
  return [
    under('another-body', 'a body under the signature of another delivery', () =>
      withOtherBody(sender.sign(), otherBody(sender)),
    ),
    under('one-byte', 'a body of which one byte was changed', () =>
      flipped(sender.sign(), sender.random),
    ),
    under('more-body', 'a body with a character more at its end', () => {
      const request = sender.sign()
      return withOtherBody(request, `${textOfBody(request)}x`)
    }),
    under(
      'signature-of-empty-body',
      'a body under the signature of an empty body',
      () => {
        const request = sender.sign()
        return withOtherBody(sender.rebody(request, ''), request.body)
      },
      skipUnless(facts.covers === 'bytes' && canRebody(sender), NOT_COVERED),
    ),
    under(
      'more-fields',
      'a form with a field more than was signed',
      () => {
        const request = sender.sign()
        return withOtherBody(request, `${textOfBody(request)}&PosternAudit=1`)
      },
      skipUnless(coversForm(sender), 'the sender signs no forms, or only some of their fields'),
    ),
    under(
      're-serialised',
      'JSON in other bytes than those that were signed: with other blanks',
      () => {
        const request = sender.sign()
        const value: unknown = JSON.parse(textOfBody(request))
        return [JSON.stringify(value), asPython(value)].map((text) => [
          withOtherBody(sender.rebody(request, text), JSON.stringify(value, null, 3)),
        ])
      },
      rewritten,
    ),
    under(
      'doubled-member',
      'JSON with a member twice, under the signature of only the last one',
      () => {
        const request = sender.sign()
        const text = JSON.stringify(JSON.parse(textOfBody(request)))
        const [name = 'id'] = Object.keys(JSON.parse(text) as object)
        const first = `{${JSON.stringify(name)}:"of-a-stranger",${text.slice(1)}`
        return withOtherBody(sender.rebody(request, text), first)
      },
      rewritten,
    ),
  ]
}

/** Returns the body of another event. If all samples have the same body, changes one character. */
function otherBody(sender: AuditSender): Uint8Array {
  const request = sender.sign()
  const sample = sender.samples.at(-1)
  const other = sample ? sender.sign({ sample }) : request
  const isOther = !Buffer.from(other.body).equals(sender.sign().body)
  return isOther ? other.body : flipped(request, sender.random).body
}

function flipped(request: AuditRequest, random: () => number): AuditRequest {
  const body = Uint8Array.from(request.body)
  const quarter = Math.floor(body.length / 4)
  const from = quarter + Math.floor(random() * quarter)
  for (let step = 0; step < body.length; step++) {
    const at = (from + step) % body.length
    const sign = String.fromCharCode(body[at]!)
    if (!/[b-y1-8]/.test(sign)) continue
    body[at] = body[at]! + 1
    return { ...request, body }
  }
  return withOtherBody(request, `${textOfBody(request)}x`)
}

function coversForm(sender: AuditSender): boolean {
  const { covers } = sender.provider
  const request = sender.sign()
  return (
    covers.body === 'fields' &&
    covers.url === true &&
    request.headers.some(([name, value]) => name === 'content-type' && value.includes('form'))
  )
}

/** Serializes as Python's json module does, with a space after each comma and colon. */
function asPython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asPython).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, one]) => `${JSON.stringify(name)}: ${asPython(one)}`,
  )
  return `{${members.join(', ')}}`
}
