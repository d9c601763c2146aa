import { inspect } from 'node:util'
import { explain } from '@postern/core/explain'
import { dockerHub, github, gitlab, meta, shopify, slack, stripe } from '@postern/providers'
import { catalogue } from '@postern/providers/catalogue'
import { describe, expect, test } from 'vitest'
import { NOW, sealed } from './sealed.ts'

const now = () => NOW

describe('whom the delivery is from', () => {
  test('of several providers the one that accepts it counts', async () => {
    const { request, provider } = sealed('shopify')
    const found = await explain(request, [github({ secret: 'x y z 1 2 3' }), provider()], { now })
    expect(found).toMatchObject({ verdict: 'accepted', provider: 'shopify', code: undefined })
  })

  test('of several that reject it, the one whose headers it has is explained', async () => {
    const { request, provider, secret } = sealed('shopify')
    const found = await explain(request, [github({ secret }), provider(`${secret} `)], { now })
    expect(found.provider).toBe('shopify')
    expect(found.findings[0]).toMatchObject({ cause: 'secret-whitespace', certainty: 'proven' })
  })

  test('another sender is proven if it alone verifies with the same secret', async () => {
    const { request, secret } = sealed('shopify')
    const found = await explain(request, github({ secret }), { now, catalogue })
    expect(found.findings).toMatchObject([{ cause: 'wrong-provider', certainty: 'proven' }])
    expect(found.findings[0]!.message).toContain('Shopify')
  })

  test('twins are all named, and none is proven', async () => {
    const { request, secret } = sealed('svix')
    const found = await explain(request, slack({ signingSecret: secret }), { now, catalogue })
    expect(found.findings.length).toBeGreaterThan(1)
    for (const one of found.findings)
      expect(one).toMatchObject({ cause: 'wrong-provider', certainty: 'likely' })
  })

  test('a sender that shares the header is not accused where the secret is wrong', async () => {
    const { request } = sealed('github')
    const found = await explain(
      request,
      meta({ appSecret: 'quite another secret', verifyToken: 'verify 1' }),
      { now, catalogue },
    )
    expect(found.findings.map(({ cause }) => cause)).not.toContain('wrong-provider')
    expect(found.findings[0]).toMatchObject({ cause: 'secret-wrong', certainty: 'likely' })
  })
})

describe('what is said', () => {
  test('the fingerprint tells secrets apart and no secret is said', async () => {
    const { request, secret } = sealed('stripe')
    const found = await explain(request, stripe({ secret: ['whsec_another', `${secret}\t`] }), {
      now,
    })
    expect(found.findings[0]!.message).toMatch(/number 2 of 2, fingerprint [\da-f]{8}\)/)
    expect(JSON.stringify(found)).not.toContain(secret)
  })

  test('what a page or an agent shows has no fingerprint, and a short secret never has one', async () => {
    const { request, secret } = sealed('stripe')
    const hidden = await explain(request, stripe({ secret: `${secret}\t` }), {
      now,
      fingerprints: false,
    })
    expect(hidden.findings[0]!.message).toMatch(/^secret has whitespace/)
    const short = github({ secret: 'fifteen letters' })
    const wrong = await explain(sealed('github').request, short, { now })
    expect(wrong.findings[0]).toMatchObject({ cause: 'secret-wrong' })
    for (const found of [hidden, wrong]) expect(JSON.stringify(found)).not.toContain('fingerprint')
  })

  test.for([
    ['stripe', /each endpoint has its own/],
    ['github', /each webhook has its own/],
    ['slack', /all endpoints of one app share it/],
    ['twilio', /all endpoints of one account share it/],
    ['mailgun', /all endpoints of one account share it/],
  ] as const)('a wrong secret of %s: which endpoints have which', async ([name, whose]) => {
    const { request, provider, other } = sealed(name)
    const [first] = (await explain(request, provider(other), { now })).findings
    expect(first).toMatchObject({ cause: 'secret-wrong', certainty: 'likely' })
    expect(first!.remedy).toMatch(whose)
  })

  test('a wrong secret: those of all endpoints that were given are told apart', async () => {
    const { request, secret } = sealed('github')
    const endpoints = ['one', 'two'].map((name) => ({
      ...github({ secret: `the secret of ${name}` }),
      name: `github-${name}`,
    }))
    const { findings } = await explain(request, endpoints, { now })
    expect(findings[0]!.message).toMatch(
      /\(fingerprint [\da-f]{8}\) of github-one or secret \(fingerprint [\da-f]{8}\) of github-two/,
    )
    expect(JSON.stringify(findings)).not.toMatch(new RegExp(`the secret of|${secret}`))
  })

  test('a token has no fingerprint', async () => {
    const provider = dockerHub({ secret: ' token-one' })
    const request = dockerHub({ secret: 'token-one' }).sign!({
      payload: { push_data: { tag: 'a' } },
    })
    const [first] = (await explain(request, provider, { now })).findings
    expect(first).toMatchObject({ cause: 'secret-whitespace', certainty: 'proven' })
    expect(first!.message).not.toMatch(/fingerprint|token-one/)
  })

  test('credentials of a URL are not', async () => {
    const { request, provider } = sealed('square')
    const url = 'http://user:pass-word@inside.local:9000/in/here?b=2&a=1&c=x%20y'
    const headers = { ...request.headers, 'x-forwarded-host': 'hooks.example.com' }
    const found = await explain({ ...request, url, headers }, provider(), { now })
    expect(found.findings.map(({ cause }) => cause)).toContain('url-host')
    expect(JSON.stringify(found)).not.toContain('pass-word')
  })

  test('the size of a skew is', async () => {
    const { request, provider } = sealed('stripe')
    const found = await explain(request, provider(), { now: () => NOW - 7_200_000 })
    expect(found).toMatchObject({
      code: 'timestamp_in_future',
      findings: [{ cause: 'clock-skew', certainty: 'proven' }],
    })
    expect(found.findings[0]!.message).toContain('2 hours')
  })
})

describe('what is lost and leaves no trace', () => {
  test('Content-Length tells that a whole body was written again', async () => {
    const { provider, sign } = sealed('github')
    const { body, ...request } = sign('{"a":1,"b":2,"a":3,"z":[]}')
    const headers = { ...request.headers, 'content-length': String(body.length) }
    const found = await explain({ ...request, headers, body: '{"a":3,"b":2,"z":[]}' }, provider(), {
      now,
    })
    expect(found.findings[0]).toMatchObject({ cause: 'body-reserialized', certainty: 'likely' })
    expect(found.findings[0]!.message).toContain('Content-Length says 26 bytes')
  })

  test('and where it is shorter and broken off, that it was cut', async () => {
    const { provider, sign } = sealed('github')
    const { body, ...request } = sign('<note><to>you</to></note>')
    const found = await explain({ ...request, body: body.subarray(0, 12) }, provider(), { now })
    expect(found.findings[0]).toMatchObject({ cause: 'body-truncated', certainty: 'likely' })
  })
})

describe('options of providers', () => {
  test('a publicUrl that is wrong is found', async () => {
    const { request, provider } = sealed('square')
    const wrong = provider(undefined, {
      publicUrl: 'https://old.example.com/in/here?b=2&a=1&c=x%20y',
    })
    const [first] = (await explain(request, wrong, { now })).findings
    expect(first).toMatchObject({ cause: 'url-host', certainty: 'proven' })
  })

  test('a secret that is looked up is varied too, and looked up once', async () => {
    const { request, secret } = sealed('github')
    let asked = 0
    const provider = github({
      secret: () => {
        asked++
        return `"${secret}"`
      },
    })
    expect((await explain(request, provider, { now })).findings[0]).toMatchObject({
      cause: 'secret-quoted',
      certainty: 'proven',
    })
    expect(asked).toBe(1)
  })

  test('a look-up that fails is said', async () => {
    const { request } = sealed('github')
    const provider = github({ secret: () => Promise.reject(new Error('the vault is closed')) })
    expect(await explain(request, provider, { now })).toMatchObject({
      verdict: 'rejected',
      code: 'secret_unavailable',
    })
  })

  test('a provider that is spread keeps what explain needs, and shows no secret', async () => {
    const { request, provider, secret } = sealed('github')
    const spread = { ...provider(`${secret} `), name: 'mine' }
    expect((await explain(request, spread, { now })).findings[0]!.cause).toBe('secret-whitespace')
    expect(inspect(spread, { depth: 9, showHidden: true }) + JSON.stringify(spread)).not.toContain(
      secret,
    )
  })
})

describe('what was masked before a delivery was kept is said', () => {
  const url = 'https://example.com/hook'

  test('of a body that is signed, first: nothing can be proven of it', async () => {
    const { request, provider } = sealed('github')
    const masked = ['field value[].clientState']
    const body = Buffer.from('{"value":[{"clientState":"(masked)"}]}')
    const { findings } = await explain({ ...request, body, masked }, provider(), { now })
    expect(findings[0]).toMatchObject({ cause: 'credential-masked', certainty: 'likely' })
    expect(findings[0]!.message).toContain('field value[].clientState')
  })

  test('of a token, last, and names of strangers stay plain', async () => {
    const provider = gitlab({ token: 'a token of ours' })
    const headers = { 'x-gitlab-token': '(masked)' }
    const masked = ['header x-gitlab-token', 'query \u001b]52;\u202e']
    const { findings } = await explain({ url, headers, body: '{}', masked }, provider, { now })
    expect(findings[0]!.cause).toBe('secret-wrong')
    expect(findings.at(-1)).toMatchObject({ cause: 'credential-masked', certainty: 'possible' })
    expect(findings.at(-1)!.message).toMatch(/\(header x-gitlab-token, query \?\]52\?\?\)$/)
  })

  test('and nothing is said if nothing was', async () => {
    const { request, provider } = sealed('github')
    const { findings } = await explain({ ...request, masked: [] }, provider('other'), { now })
    expect(findings.map(({ cause }) => cause)).not.toContain('credential-masked')
  })
})

describe('bounds', () => {
  test.each(['{}]', '[]]]]', '{"a":[}', '[[{}]', '}{', '[}', '"', '{"a" "b"}'])(
    'a body that is no JSON is explained: %s',
    async (text) => {
      const { request, provider } = sealed('shopify')
      const found = await explain({ ...request, body: Buffer.from(text) }, provider(), { now })
      expect(found.verdict).toBe('rejected')
    },
  )

  test('attempts end the search', async () => {
    const { request, provider } = sealed('github')
    const { stats } = await explain(request, provider('quite another secret'), {
      now,
      attempts: 25,
    })
    expect(stats).toMatchObject({ attempts: 25, stopped: true })
  })

  test.for([
    [{ attempt: 1 }, 'did you mean attempts?'],
    [{ ms: 0 }, 'ms must be a number above 0'],
  ] as const)('%j is a TypeError', async ([options, message]) => {
    const { request } = sealed('github')
    await expect(
      explain(request, shopify({ secret: 'some secret' }), options as never),
    ).rejects.toThrow(message)
  })

  test('no provider is a TypeError', async () => {
    await expect(explain({ url: 'https://example.com/' }, [])).rejects.toThrow(
      'explain: provider must be',
    )
  })
})
