import { behind, createReceiver, WebhookError, type DeliveryInit } from '@postern/core'
import { explain } from '@postern/core/explain'
import { fixedKeys, jwt, provider } from '@postern/core/scheme'
import { givenJwks, madeOf, remake } from '@postern/core/internal'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/catalogue.ts'
import { generic } from '../src/generic.ts'
import { github } from '../src/github.ts'
import { gitlab } from '../src/gitlab.ts'
import { googleCloudTasks } from '../src/google-cloud-tasks.ts'
import { googlePubsub } from '../src/google-pubsub.ts'
import { hookdeckGateway } from '../src/hookdeck-gateway.ts'
import { mailgun } from '../src/mailgun.ts'
import { microsoftGraph } from '../src/microsoft-graph.ts'
import { qstashGateway } from '../src/qstash-gateway.ts'
import { sendgrid } from '../src/sendgrid.ts'
import { sendgridInboundParse } from '../src/sendgrid-inbound-parse.ts'
import { slack } from '../src/slack.ts'
import { stripe } from '../src/stripe.ts'
import { svix } from '../src/svix.ts'
import { deliver } from './deliver.ts'
import { jwtKey } from './jwt.ts'

const NOW = 1_790_000_000_000
const HOUR = 3_600_000
const url = 'https://example.com/webhooks'
const hookdeck = hookdeckGateway({ secret: 'a-secret-of-hookdeck' })
const hub = github({ secret: 'a-secret-of-github' })

describe('behind Hookdeck', () => {
  test('the time limit of the sender is over when the gateway delivers again, and counts no longer', async () => {
    const inner = slack({ signingSecret: 's' })
    const own = inner.sign!({ topic: 'message', id: 'Ev1', payload: {}, at: NOW - 3 * HOUR })
    expect((await deliver(inner, [own], NOW)).codes).toEqual(['timestamp_too_old'])
    const again = hookdeck.sign!({ ...own, id: 'hd_1' })
    const { statuses, events } = await deliver(behind(hookdeck, inner), [again], NOW)
    expect([statuses, events.map(({ id }) => id)]).toEqual([[200], ['Ev1']])
  })

  test('challenges of the sender are not answered', async () => {
    const inner = slack({ signingSecret: 's' })
    const body = '{"type":"url_verification","token":"t","challenge":"abc"}'
    const challenge = inner.sign!({ body, at: NOW })
    expect((await deliver(inner, [challenge], NOW)).replies[0]!.body).toBeDefined()
    const provider = behind(hookdeck, inner)
    expect([provider.greet, provider.handshake, provider.greets]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    const { replies } = await deliver(provider, [challenge], NOW)
    expect(replies[0]!.status).toBe(401)
    expect(String(replies[0]!.body)).not.toContain('abc')
  })

  test("a retry of either is a duplicate if the id lies in the body; else the gateway's counts", async () => {
    const send = (provider: typeof hub, own: DeliveryInit & object, id: string) =>
      hookdeck.sign!({ ...(own as object), id })
    const paid = stripe({ secret: 's' })
    const event = paid.sign!({ topic: 'invoice.paid', id: 'evt_1', at: NOW })
    const stripes = await deliver(
      behind(hookdeck, paid),
      [send(paid, event, 'hd_1'), send(paid, event, 'hd_1'), send(paid, event, 'hd_2')],
      NOW,
    )
    expect(stripes.events.map(({ id }) => id)).toEqual(['evt_1'])
    const push = hub.sign!({ topic: 'push', id: 'guid', payload: { ref: 'refs/heads/main' } })
    const hubs = await deliver(
      behind(hookdeck, hub),
      [send(hub, push, 'hd_1'), send(hub, push, 'hd_1'), send(hub, push, 'hd_2')],
      NOW,
    )
    expect(hubs.events.map(({ id, topic }) => [id, topic])).toEqual([
      ['hd_1', 'push'],
      ['hd_2', 'push'],
    ])
  })

  test('a batch without ids has one for each event', async () => {
    const inner = sendgrid.about.create(sendgrid.about.example)
    const body = '[{"event":"open"},{"event":"click"}]'
    const signed = hookdeck.sign!({ body, id: 'hd_1' })
    const { events } = await deliver(behind(hookdeck, inner), [signed, signed])
    expect(events.map(({ id, topic }) => [id, topic])).toEqual([
      ['hd_1.0', 'open'],
      ['hd_1.1', 'click'],
    ])
  })

  test('the guard against replays of the sender is off, as is all that it verifies', async () => {
    const inner = mailgun({ signingKey: 's' })
    const own = inner.sign!({ topic: 'opened', at: NOW })
    const twice = ['hd_1', 'hd_2'].map((id) => hookdeck.sign!({ ...own, id }))
    const { statuses } = await deliver(behind(hookdeck, inner), twice, NOW)
    expect(statuses).toEqual([200, 200])
  })

  test('a sender without a signature is as good as its gateway', async () => {
    const provider = behind(hookdeck, generic({ unauthenticated: true, topicField: 'RecordType' }))
    expect(provider.unauthenticated).toBeUndefined()
    const body = '{"RecordType":"Open","MessageID":"m1"}'
    const right = hookdeck.sign!({ body, id: 'hd_1' })
    const { statuses } = await deliver(provider, [right, { url, body }])
    expect(statuses).toEqual([200, 401])
  })

  test("names, cover, reply and retry span are the gateway's; what the sender protects alone is no longer", () => {
    const slow = { ...hookdeck, retrySpan: 7 * 24 * HOUR, failsOnRedirect: true }
    const provider = behind(slow, hub)
    expect(provider).toMatchObject({
      name: 'github-behind-hookdeck-gateway',
      retrySpan: 7 * 24 * HOUR,
      failsOnRedirect: true,
      formats: ['json', 'form'],
      covers: { body: 'bytes', topic: false },
    })
    expect(behind(hookdeck, slack({ signingSecret: 's' })).covers.timestamp).not.toBe(true)
    expect(() =>
      createReceiver({ provider, ack: { status: 302, location: '/' }, log: false }),
    ).toThrow('redirect')
    const token = behind(hookdeck, gitlab.about.create({ token: 'a-token' }))
    expect(token.credentials?.headers).toContain('x-gitlab-token')
  })

  test('the factory alone is enough', async () => {
    const provider = behind(hookdeck, github)
    const signed = provider.sign!({ topic: 'issues.opened', payload: { issue: {} } })
    const { events } = await deliver(provider, [signed])
    expect(events).toMatchObject([
      {
        topic: 'issues.opened',
        provider: 'github-behind-hookdeck-gateway',
        payload: { issue: {} },
      },
    ])
  })

  test('what tools make again keeps the gateway', async () => {
    const provider = behind(hookdeck, hub)
    const again = remake(provider, { secret: 'another' })
    expect(again.name).toBe(provider.name)
    const own = hub.sign!({ topic: 'push' })
    expect((await deliver(again, [own, provider.sign!({ topic: 'push' })])).statuses).toEqual([
      401, 401,
    ])
    expect(madeOf(again)!.factory.about.name).toBe('hookdeck-gateway')
  })

  test('explain says that the gateway did not sign, and who did', async () => {
    const captured = hub.sign!({ topic: 'push' })
    const found = await explain(captured, behind(hookdeck, hub), { catalogue })
    expect(found).toMatchObject({
      verdict: 'rejected',
      code: 'missing_header',
      provider: 'github-behind-hookdeck-gateway',
    })
    expect(found.findings.map(({ message }) => message).join()).toMatch(/hookdeck|GitHub/i)
    const forged = hookdeckGateway({ secret: 'forged' }).sign!({ ...captured, id: 'hd_1' })
    expect(await explain(forged, behind(hookdeck, hub))).toMatchObject({
      code: 'signature_mismatch',
    })
    const whitespace = hookdeckGateway({ secret: ' a-secret-of-hookdeck' })
    const { findings } = await explain(
      hookdeck.sign!({ ...captured, id: 'hd_1' }),
      behind(whitespace, hub),
    )
    expect(findings[0]).toMatchObject({ cause: 'secret-whitespace', certainty: 'proven' })
  })

  test('mistakes are told when it is made', () => {
    expect(() => behind(hookdeckGateway as never, hub)).toThrow(
      'behind: gateway must be a provider',
    )
    expect(() => behind(hookdeck, {} as never)).toThrow('behind: inner must be a provider')
    expect(() => behind(generic({ unauthenticated: true }), hub)).toThrow(
      'gateway must authenticate requests',
    )
  })
})

describe('behind other gateways that sign', () => {
  test.each([
    ['svix', svix({ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })],
    ['qstash', qstashGateway({ signingKeys: ['a-current-key', 'a-next-key'] })],
    [
      'convoy',
      generic({
        name: 'convoy',
        secret: 's',
        scheme: 'hmac',
        header: 'X-Convoy-Signature',
        pairs: { signature: 'v1' },
        message: '{time},{body}',
        eventIdHeader: 'X-Convoy-Event-ID',
      }),
    ],
    [
      'outpost',
      generic({
        name: 'outpost',
        secret: 's',
        scheme: 'hmac',
        header: 'x-outpost-signature',
        prefix: 'v0=',
        several: ',',
        eventIdHeader: 'x-outpost-event-id',
      }),
    ],
  ])('%s: its id, its proof, the events of GitHub', async (_, gateway) => {
    const provider = behind(gateway, hub)
    const signed = provider.sign!({ topic: 'push', id: 'msg_1', payload: { ref: 'r' }, url })
    const { statuses, events } = await deliver(provider, [signed, signed])
    expect(statuses).toEqual([200, 200])
    expect(events).toMatchObject([{ id: 'msg_1', topic: 'push', payload: { ref: 'r' } }])
    const changed = { ...signed, body: Buffer.from(signed.body).fill(0x20, 0, 1) }
    expect((await deliver(provider, [changed])).statuses).toEqual([401])
  })
})

describe("behind Google's push", async () => {
  const email = 'push@p.iam.gserviceaccount.com'
  const { key, token } = await jwtKey('RS256')
  const google = { email, jwks: { keys: [key] } }
  const claims = { iss: 'https://accounts.google.com', aud: url, exp: NOW / 1000 + 3600 }
  const authorization = `Bearer ${await token({ email, email_verified: true, ...claims })}`

  function envelope(data: Uint8Array | string, attributes: object = {}, message: object = {}) {
    return {
      url,
      headers: { authorization },
      body: JSON.stringify({
        message: {
          attributes,
          data: typeof data === 'string' ? data : Buffer.from(data).toString('base64'),
          messageId: '17',
          ...message,
        },
        subscription: 'projects/p/subscriptions/s',
      }),
    }
  }

  test('Pub/Sub: the body is what the message wraps, its headers are the attributes, its id the message', async () => {
    const provider = behind(googlePubsub(google), hub)
    const own = hub.sign!({ topic: 'issues.opened', payload: { action: 'opened', n: 1 } })
    const first = envelope(own.body, { 'X-GitHub-Event': 'issues' })
    const again = envelope(own.body, { 'X-GitHub-Event': 'issues' }, { deliveryAttempt: 2 })
    const form = new URLSearchParams({ payload: '{"action":"closed"}' }).toString()
    const other = envelope(Buffer.from(form), { 'x-github-event': 'issues' }, { messageId: '18' })
    const { statuses, events } = await deliver(provider, [first, again, other], NOW)
    expect(statuses).toEqual([200, 200, 200])
    expect(events.map(({ id, topic, payload }) => [id, topic, payload])).toEqual([
      ['17', 'issues.opened', { action: 'opened', n: 1 }],
      ['18', 'issues.closed', { action: 'closed' }],
    ])
    expect(provider.sign).toBeUndefined()
  })

  test('Pub/Sub: an id of the sender in the wrapped body counts', async () => {
    const provider = behind(googlePubsub(google), stripe)
    const own = stripe({ secret: 's' }).sign!({ topic: 'invoice.paid', id: 'evt_1' })
    const two = [envelope(own.body), envelope(own.body, {}, { messageId: '18' })]
    const { events } = await deliver(provider, two, NOW)
    expect(events.map(({ id }) => id)).toEqual(['evt_1'])
  })

  test('Pub/Sub: without a wrapper the body is as it came', async () => {
    const provider = behind(googlePubsub(google), hub)
    const own = hub.sign!({ topic: 'push', payload: { ref: 'r' } })
    const headers = {
      authorization,
      'x-goog-pubsub-message-id': '17',
      'x-goog-pubsub-subscription-name': 'projects/p/subscriptions/s',
      'x-github-event': 'push',
    }
    const { events } = await deliver(provider, [{ url, headers, body: own.body }], NOW)
    expect(events).toMatchObject([{ id: '17', topic: 'push', payload: { ref: 'r' } }])
  })

  test('Pub/Sub: what is no base64, no message or no JSON inside is rejected; so is the sender alone', async () => {
    const provider = behind(googlePubsub(google), hub)
    const body = '{"subscription":"s"}'
    const own = hub.sign!({ topic: 'push' })
    const { statuses, events } = await deliver(
      provider,
      [
        envelope('not base64!', { 'x-github-event': 'push' }),
        envelope(Buffer.from('{"a":'), { 'x-github-event': 'push' }),
        { url, headers: { authorization }, body },
        own,
      ],
      NOW,
    )
    expect([statuses, events]).toEqual([[400, 400, 400, 401], []])
  })

  test('what cannot be read out of an envelope, or not be stripped there, is rejected when it is made', () => {
    const gateway = googlePubsub(google)
    expect(() => behind(gateway, sendgridInboundParse({ unauthenticated: true }))).toThrow(
      /multipart bodies of .* cannot be read inside the wrapper/,
    )
    expect(() => behind(gateway, microsoftGraph)).toThrow('could not be stripped')
  })

  test('Cloud Tasks: the body is that of the task, the id its name', async () => {
    const provider = behind(googleCloudTasks(google), hub)
    const own = hub.sign!({ topic: 'push', payload: { ref: 'r' } })
    const { authorization: _none, ...headers } = own.headers as Record<string, string>
    const task = (tries: string, token: string) => ({
      ...own,
      url,
      headers: {
        ...headers,
        authorization: token,
        'x-cloudtasks-taskname': 't1',
        'x-cloudtasks-taskretrycount': tries,
      },
    })
    const { statuses, events } = await deliver(
      provider,
      [task('0', authorization), task('1', authorization), task('0', 'Bearer a.b.c'), own],
      NOW,
    )
    expect(statuses).toEqual([200, 200, 401, 401])
    expect(events).toMatchObject([{ id: 't1', topic: 'push', payload: { ref: 'r' } }])
  })
})

test('Vercel Connect vouches for the project alone, and the id of the sender stays', async () => {
  const { key, token } = await jwtKey('RS256')
  const vercelConnect = provider<{ project: string }>({
    name: 'vercel-connect',
    options: { project: 'The id of the project.' },
    scheme: ({ project }) =>
      fixedKeys(
        jwt({
          algorithms: ['RS256'],
          issuer: ['https://oidc.vercel.com'],
          required: ['exp', 'project_id', 'environment'],
          check({ project_id, environment }) {
            if (project_id !== project || environment !== 'production')
              throw new WebhookError('unknown_sender', 'another project or environment')
          },
        }),
        [givenJwks({ keys: [key] }, 'jwks')],
      ),
    events: (_delivery, { value }) => [{ topic: 'request', payload: value }],
  })
  const send = async (project: string) => {
    const claims = { iss: 'https://oidc.vercel.com', exp: NOW / 1000 + 60 }
    const sent = await token({ project_id: project, environment: 'production', ...claims })
    const own = hub.sign!({ topic: 'push', id: 'guid', payload: { ref: 'r' } })
    const headers = { ...own.headers, authorization: `Bearer ${sent}` }
    return deliver(behind(vercelConnect({ project: 'prj_1' }), github), [{ ...own, headers }], NOW)
  }
  expect((await send('prj_1')).events).toMatchObject([{ id: 'guid', topic: 'push' }])
  expect((await send('prj_2')).codes).toEqual(['unknown_sender'])
})
