import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  createReceiver,
  logger,
  WebhookError,
  type Duration,
  type SecretOption,
} from '../../src/index.ts'
import { hmac, provider } from '../../src/provider/index.ts'
import { hear } from '../hear.ts'

const acme = provider<{ secret: SecretOption }>({
  name: 'acme',
  options: { secret: 'The secret.' },
  scheme: () => hmac({ header: 'x-acme-signature' }),
  events: () => [{ topic: 'ping', payload: {} }],
})
const signed = acme({ secret: 'a secret of acme' }).sign!({
  body: '{"a":1}',
  url: 'https://me:pw@example.com/in?key=1',
})

afterEach(() => vi.unstubAllEnvs())

function setup(explain?: boolean | Duration, secret = 'a secret of acme ') {
  const heard = hear()
  const lines: string[] = []
  const sink = { info: () => {}, warn: (line: string) => void lines.push(line), error: () => {} }
  let time = 0
  const receiver = createReceiver({
    provider: acme({ secret }),
    observers: [heard.observer],
    log: logger(sink),
    clock: { monotonic: () => time },
    ...(explain !== undefined && { explain }),
  })
  receiver.on('ping', () => {})
  return { receiver, heard, lines, pass: (ms: number) => void (time += ms) }
}

describe('rejections are explained after their reply', () => {
  test('in development without being asked', async () => {
    vi.stubEnv('NODE_ENV', 'development')
    const { receiver, heard } = setup()
    await receiver.receive(signed)
    const [, explanation] = await heard.until('explained')
    // On a busy machine, 50 ms may be too short to find the cause, so only the verdict is checked.
    expect(explanation).toMatchObject({ verdict: 'rejected', code: 'signature_mismatch' })
    await receiver.close()
  })

  test('the log has the cause that was proven', async () => {
    const { receiver, heard, lines } = setup('10s')
    const reply = await receiver.receive(signed)
    expect(reply.status).toBe(401)
    expect(heard.all('explained')).toEqual([])
    const [request, explanation] = await heard.until('explained')
    expect(request).toMatchObject({ receiver: 'acme', path: '/in' })
    expect(explanation.findings[0]).toMatchObject({
      cause: 'secret-whitespace',
      certainty: 'proven',
    })
    expect(lines.at(-1)).toMatch(
      /^\[postern acme\] proven: secret-whitespace, secret \(fingerprint [\da-f]{8}\) has/,
    )
    expect(lines.join()).not.toContain('a secret of acme')
    await receiver.close()
  })

  test.for(['production', 'test', ''])('never unasked where NODE_ENV is "%s"', async (env) => {
    vi.stubEnv('NODE_ENV', env)
    const quiet = setup()
    const asked = setup(true)
    await quiet.receiver.receive(signed)
    await asked.receiver.receive(signed)
    await asked.heard.until('explained')
    expect(quiet.heard.all('explained')).toEqual([])
    await quiet.receiver.close()
    await asked.receiver.close()
  })

  test('in development, a delivery whose header is missing is explained as a whole', async () => {
    vi.stubEnv('NODE_ENV', 'development')
    const { receiver, heard } = setup('10s', 'a secret of acme')
    const { 'x-acme-signature': signature, ...headers } = signed.headers
    const renamed = { ...signed, headers: { ...headers, 'x-acme-sig': signature! } }
    const request = new Request(renamed.url.replace('me:pw@', ''), {
      method: 'POST',
      headers: renamed.headers,
      body: signed.body,
    })
    expect((await receiver.fetch(request)).status).toBe(401)
    const [, explanation] = await heard.until('explained')
    expect(explanation).toMatchObject({
      code: 'missing_header',
      findings: [{ cause: 'header-renamed', certainty: 'proven' }],
    })
    await receiver.close()
  })

  test('at most once a second', async () => {
    const { receiver, heard, pass } = setup(true)
    for (let at = 0; at < 5; at++) await receiver.receive(signed)
    await heard.until('explained')
    pass(1000)
    await receiver.receive(signed)
    await heard.until('explained', 2)
    expect(heard.all('rejected')).toHaveLength(6)
    expect(heard.all('explained')).toHaveLength(2)
    await receiver.close()
  })

  test('a signed time is judged as it was when the delivery came', async () => {
    const heard = hear()
    const dated = (secret: string) =>
      provider<{ secret: SecretOption }>({
        name: 'dated',
        options: { secret: 'The secret.' },
        scheme: () => hmac({ header: 'x-signature', timestampHeader: 'x-time' }),
        events: () => [],
      })({ secret })
    const receiver = createReceiver({
      provider: dated('a secret of acme '),
      observers: [heard.observer],
      log: false,
      explain: '10s',
      clock: { now: () => 86_400_000 },
    })
    await receiver.receive(dated('a secret of acme').sign!({ body: '{}', at: 86_400_000 }))
    const [, { findings }] = await heard.until('explained')
    expect(findings.map(({ cause, certainty }) => [cause, certainty])).toEqual([
      ['secret-whitespace', 'proven'],
    ])
    await receiver.close()
  })

  test('nothing unproven reaches the log', async () => {
    const { receiver, heard, lines } = setup(true, 'quite another secret')
    await receiver.receive(signed)
    const [, explanation] = await heard.until('explained')
    expect(explanation.findings[0]).toMatchObject({ cause: 'secret-wrong', certainty: 'likely' })
    expect(lines.filter((line) => line.includes('proven'))).toEqual([])
    await receiver.close()
  })

  test('a rejection whose signature is not at fault is not looked at, and takes no turn', async () => {
    const { receiver, heard, pass } = setup(true)
    const at = (path: string) => ({ ...signed, url: `https://example.com/${path}` })
    await receiver.receive({ ...at('put'), method: 'PUT' })
    // Adapters reject without a body, so there is nothing to explain.
    receiver.reject(at('unread'), new WebhookError('missing_header', 'no header'))
    await receiver.receive(at('first'))
    await heard.until('explained')
    pass(999)
    await receiver.receive(at('soon'))
    pass(1)
    await receiver.receive(at('second'))
    await heard.until('explained', 2)
    await receiver.close()
    expect(heard.all('explained').map(([{ path }]) => path)).toEqual(['/first', '/second'])
  })

  test.for(['yes', 0, '11s'])('explain: %o is a mistake', (explain) => {
    expect(() => setup(explain as never)).toThrow(/^createReceiver: explain must be /)
  })
})
