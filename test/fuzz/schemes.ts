import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { explain } from '@postern/core/explain'
import { loadXml } from '@postern/core/internal'
import type { EventDraft } from '@postern/core/scheme'
import { catalogue } from '@postern/providers/catalogue'
import { encrypted, lawsOf } from '../../packages/providers/test/signing.ts'
import { bodyFields } from '../../packages/testing/src/provider/vector.ts'
import { readLater } from './rejection.ts'
import { changes, type Change, type Request } from './requests.ts'
import { deliveryOf, subjectsOf, walk, type Subject } from './subjects.ts'
import { target, type FuzzTarget } from './target.ts'

/** One target per provider: signed deliveries with changed bytes, headers or URLs. */
const providerTargets: readonly FuzzTarget[] = Array.from(catalogue.values(), ({ name }) =>
  target('schemes', name, async () => {
    await loadXml()
    const subjects = await subjectsOf(name)
    if (subjects.length === 0) throw new Error(`${name} has no delivery to change`)
    return fc.asyncProperty(
      fc.constantFrom(...subjects.keys()),
      fc.array(changes(), { minLength: 1, maxLength: 3 }),
      (at, made) => rejectedOrSame(name, subjects[at]!, made),
    )
  }),
)

/** Targets for the signatures of all providers and the explanations of rejections. */
export const schemeTargets: readonly FuzzTarget[] = [
  ...providerTargets,
  target('schemes', 'what explain says of any request', async () => {
    await loadXml()
    const subjects = (await Promise.all([...catalogue.keys()].map(subjectsOf))).flat()
    return fc.asyncProperty(
      fc.constantFrom(...subjects.keys()),
      fc.array(changes(), { maxLength: 3 }),
      async (at, made) => {
        const { provider, request, now } = subjects[at]!
        const changed = made.reduce((one, change) => change(one), request)
        const found = await explain(changed, provider, { now: () => now, attempts: 100, ms: 100 })
        if (made.length === 0) assert.equal(found.verdict, 'accepted')
      },
    )
  }),
]

async function rejectedOrSame(
  name: string,
  subject: Subject,
  made: readonly Change[],
): Promise<void> {
  const { provider, request, now } = subject
  const changed = made.reduce((one, change) => change(one), request)
  const walked = await readLater(() => walk(provider, changed, now))
  if (walked.value === undefined) return
  const { covers } = provider
  const { delivery, events } = walked.value
  const genuine = deliveryOf(provider, request)
  if (covers.body === 'bytes')
    assert.deepEqual(Buffer.from(changed.body), Buffer.from(request.body), 'the body was changed')
  if (covers.body === 'fields') {
    const fieldsOf = COVERED[name] ?? lawsOf(name)?.covered ?? bodyFields
    const type = genuine.header('content-type') ?? ''
    assert.deepEqual(
      fieldsOf(changed.body, type),
      fieldsOf(request.body, type),
      'a signed field was changed',
    )
  }
  if (covers.url && !subject.ownUrl)
    assert.deepEqual(urlOf(name, changed), urlOf(name, request), 'the URL was changed')
  if (covers.timestamp)
    assert.deepEqual(provider.signedTime?.(delivery), provider.signedTime?.(genuine))
  for (const header of provider.credentials?.headers ?? [])
    assert.deepEqual(
      canonical(delivery.headers(header)),
      canonical(genuine.headers(header)),
      `the credential ${header} was changed`,
    )
  if (covers.body === 'none' || !isDeepStrictEqual(changed.body, request.body)) return
  const told = (list: readonly EventDraft[]): unknown =>
    list.map(({ id, topic, payload }) => ({
      ...(covers.id && { id }),
      ...(covers.topic !== false && { topic }),
      payload,
    }))
  assert.deepEqual(told(events), told(subject.events), 'another event came of it')
}

// The fields that Amazon signs. The URL of the certificate is not signed.
const SNS = [
  'Message',
  'MessageId',
  'Subject',
  'SubscribeURL',
  'Timestamp',
  'Token',
  'TopicArn',
  'Type',
]
const COVERED: Readonly<Record<string, (body: Uint8Array, type: string) => unknown>> = {
  'aws-sns': (body, type) => {
    const fields = bodyFields(body, type) as Readonly<Record<string, unknown>>
    return SNS.map((name) => fields[name])
  },
  wechat: encrypted,
  // Twilio signs names and values without separators.
  twilio: (body, type) =>
    type.startsWith('application/json')
      ? bodyFields(body, type)
      : [...new URLSearchParams(Buffer.from(body).toString())]
          .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
          .flat()
          .join(''),
}

/** Twilio signs the parsed query, which ignores an empty parameter between two `&`. */
function urlOf(name: string, { url }: Request): unknown {
  const { origin, pathname, searchParams, href } = new URL(url)
  return name === 'twilio' ? [origin, pathname, [...searchParams]] : href
}

/** The names of authentication schemes are case-insensitive, and spaces around a value are ignored. */
function canonical(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line.trim().replace(/^(bearer|basic|token) +/i, (word) => `${word.trim().toLowerCase()} `),
  )
}
