import { createHmac } from 'node:crypto'
import {
  type AuditCase,
  casesLike,
  type SharedValues,
  valueAt,
  withHeader,
  withValue,
  type AuditRequest,
} from '../request.ts'
import { macOf, otherLetter, type AuditSender } from '../sender.ts'
import { skipUnless } from './authentic.ts'

/** Values for cases with deliveries that anybody could send. The receiver must reject these deliveries. */
export const FORGERY: SharedValues = {
  class: 'forged',
  severity: 'critical',
  expects: { reply: 'rejected', effects: 0 },
  why: 'Anybody who knows the URL can make events up.',
  remedy: 'verify',
}
export const IN_BODY = 'the sender’s signature is in the body'

/** Returns cases with deliveries whose signature was damaged. The receiver must reject these deliveries. */
export function spoiltSignatureCases(sender: AuditSender): readonly AuditCase[] {
  const { place } = sender.facts
  const value = place && valueAt(sender.sign(), place)
  const forged = casesLike({ ...FORGERY, ...skipUnless(value !== undefined, IN_BODY) })
  const spoilt = (
    id: string,
    what: string,
    values: (value: string) => readonly string[],
    more?: Partial<AuditCase>,
  ): AuditCase =>
    forged(
      id,
      what,
      () => {
        const request = sender.sign()
        return withValue(request, place!, ...values(valueAt(request, place!)!))
      },
      more,
    )
  const withMac =
    (change: (mac: string) => string) =>
    (text: string): readonly string[] => {
      const { mac, put } = macOf(text)
      return [put(change(mac))]
    }
  const flipped = withMac((mac) => otherLetter(mac, Math.floor(mac.length / 2)))
  const prefixed = /^sha256=[\da-f]{64}$/.test(value ?? '')
  const dated = /(?:^|,)\s*v1=/.test(value ?? '')
  const isToken =
    value !== undefined && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value.replace(/^Bearer /i, ''))
  return [
    spoilt('no-signature', 'a delivery without its signature', () => []),
    spoilt('empty-signature', 'an empty signature', () => ['']),
    spoilt('nonsense-signature', 'a signature that is the word nonsense', () => ['nonsense']),
    spoilt(
      'empty-value',
      'a signature in the right form, whose value is empty',
      withMac(() => ''),
    ),
    spoilt(
      'truncated',
      'the first half of the right signature',
      withMac((mac) => mac.slice(0, Math.ceil(mac.length / 2))),
      { remedy: 'compare' },
    ),
    spoilt(
      'first-character',
      'the first character of the right signature',
      withMac((mac) => mac.slice(0, 1)),
      { remedy: 'compare' },
    ),
    spoilt('one-character-off', 'the right signature with one other character', flipped, {
      remedy: 'compare',
    }),
    spoilt(
      'longer',
      'the right signature with a character more',
      withMac((mac) => `${mac}a`),
      { severity: 'medium', remedy: 'compare' },
    ),
    spoilt(
      'twice',
      'two wrong signatures, in two headers',
      (text) => [...flipped(text), ...flipped(text)],
      {
        ...skipUnless(
          place !== undefined && 'header' in place,
          'the sender’s signature is not in a header',
        ),
      },
    ),
    spoilt('joined', 'two wrong signatures, joined by a comma', (text) => [
      [...flipped(text), ...flipped(text)].join(', '),
    ]),
    spoilt(
      'v0-alone',
      'the right signature under the name of an older version, v0',
      (text) => [text.replaceAll('v1=', 'v0=')],
      {
        severity: 'high',
        remedy: 'algorithm',
        ...skipUnless(dated, 'the sender’s signatures have no versions'),
      },
    ),
    spoilt(
      'other-algorithm',
      'a signature by an algorithm of the stranger’s choice',
      (text) => (isToken ? [unsignedToken(text)] : [`none=${text.slice('sha256='.length)}`]),
      {
        severity: isToken ? 'critical' : 'high',
        remedy: 'algorithm',
        ...skipUnless(prefixed || isToken, 'the sender’s signatures name no algorithm'),
      },
    ),
    forged('sha1-alone', 'only the older SHA-1 signature', () => olderOf(sender), {
      severity: 'medium',
      remedy: 'algorithm',
      why: 'SHA-1 is broken, and this header is there only for old receivers.',
      ...skipUnless(
        prefixed && place !== undefined && 'header' in place && place.header.endsWith('-256'),
        'the sender has no older signature in addition to the one that counts',
      ),
    }),
  ]
}

function unsignedToken(value: string): string {
  const [, scheme = '', token = ''] = /^(Bearer )?(.*)$/i.exec(value)!
  const head = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  return `${scheme}${head}.${token.split('.')[1]}.`
}

function olderOf(sender: AuditSender): AuditRequest {
  const request = sender.sign()
  const { header } = sender.facts.place as { readonly header: string }
  const older = createHmac('sha1', sender.secrets[0] ?? '')
    .update(request.body)
    .digest('hex')
  return withHeader(withHeader(request, header), header.replace(/-256$/, ''), `sha1=${older}`)
}
