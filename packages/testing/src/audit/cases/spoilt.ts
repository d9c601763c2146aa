import {
  type AuditCase,
  casesLike,
  textOfBody,
  withOtherBody,
  withHeader,
  withValue,
} from '../request.ts'
import type { AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'
import { canRebody } from './layouts.ts'
import { FORGERY, IN_BODY } from './signatures.ts'

/** Returns cases with odd requests. The receiver may accept most of them, but must not crash or reply with 5xx. */
export function spoiltCases(sender: AuditSender): readonly AuditCase[] {
  return [...signedNonsense(sender), ...unsignedNonsense(sender), ...methods(sender)]
}

function signedNonsense(sender: AuditSender): readonly AuditCase[] {
  const signed = casesLike({
    class: 'spoilt',
    severity: 'medium',
    expects: { reply: 'sane' },
    why: 'A sender’s mistake must cost one event, not the process; and a 5xx is retried for days.',
    remedy: 'odd-bodies',
  })
  const nonsense = (
    id: string,
    what: string,
    body: (text: string) => string | Uint8Array,
  ): AuditCase =>
    signed(
      id,
      what,
      () => {
        const request = sender.sign()
        return sender.rebody(request, body(textOfBody(request)))
      },
      skipUnless(
        canRebody(sender) && canMake(sender, body),
        'no such body of this sender can be signed',
      ),
    )
  return [
    nonsense('cut', 'a signed body that ends in its middle', (text) =>
      text.slice(0, text.length / 2),
    ),
    nonsense('empty', 'a signed empty body', () => ''),
    nonsense('null', 'a signed null', () => 'null'),
    nonsense('list', 'a signed []', () => '[]'),
    nonsense('string', 'a signed "text"', () => '"text"'),
    nonsense('number', 'a signed 12', () => '12'),
    nonsense('object', 'a signed {}', () => '{}'),
    nonsense(
      'deep',
      'a signed body of 20,000 nested lists',
      () => '['.repeat(20_000) + ']'.repeat(20_000),
    ),
    nonsense('bytes', 'signed bytes that are not UTF-8', () =>
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0xc3, 0x28, 0x22, 0x7d]),
    ),
    signed(
      'label',
      'a signed delivery under the type image/png',
      () => withHeader(sender.sign(), 'content-type', 'image/png'),
      skipUnless(!sender.provider.labelled, 'the sender signs the type'),
    ),
  ]
}

function canMake(sender: AuditSender, body: (text: string) => string | Uint8Array): boolean {
  try {
    sender.rebody(sender.sign(), body('{"a":1}'))
    return true
  } catch {
    return false
  }
}

function unsignedNonsense(sender: AuditSender): readonly AuditCase[] {
  const { place } = sender.facts
  const odd = casesLike({
    ...FORGERY,
    class: 'spoilt',
    severity: 'high',
    remedy: 'odd-bodies',
    ...skipUnless(place !== undefined, IN_BODY),
  })
  return [
    odd(
      'deep-unsigned',
      'an unsigned body of 200,000 nested lists',
      () => withOtherBody(withValue(sender.sign(), place!), '['.repeat(200_000)),
      { heavy: true, why: 'A stranger must not be able to end the process.' },
    ),
    odd('long-signature', 'a signature of 7,000 characters', () =>
      withValue(sender.sign(), place!, 'a'.repeat(7000)),
    ),
    odd('odd-signature', 'a signature of letters that no algorithm makes', () =>
      withValue(sender.sign(), place!, 'é'.repeat(64)),
    ),
  ]
}

function methods(sender: AuditSender): readonly AuditCase[] {
  const empty = casesLike({
    class: 'surface',
    severity: 'low',
    expects: { reply: 'sane' },
    why: 'Crawlers and health checks send such requests. A 5xx fills the log with false alarms.',
    remedy: 'route',
  })
  return ['HEAD', 'OPTIONS', 'DELETE'].map((method) =>
    empty(method.toLowerCase(), `a ${method} without a body`, () => ({
      method,
      url: sender.url,
      headers: [],
      body: Buffer.alloc(0),
    })),
  )
}
