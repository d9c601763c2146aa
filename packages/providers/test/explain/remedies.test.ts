import { explain } from '@postern/core/explain'
import { hmac } from '@postern/core/scheme'
import { generic, github, twilio } from '@postern/providers'
import { signedInit } from '@postern/testing'
import { expect, test } from 'vitest'

const SECRET = 'a secret of the remedies'
const body = JSON.stringify({ action: 'opened', number: 7 })

const causes = ({ findings }: Awaited<ReturnType<typeof explain>>) =>
  findings.map(({ cause, certainty }) => `${certainty} ${cause}`)

test('where the sender has the blank, the remedy does not say to remove one here', async () => {
  const delivery = await signedInit(github({ secret: `${SECRET} ` }), 'push')
  const [found] = (await explain(delivery, github({ secret: SECRET }))).findings
  expect(found).toMatchObject({ cause: 'secret-whitespace', certainty: 'proven' })
  expect(found!.message).toContain('lacks whitespace')
  expect(found!.remedy).toContain('remove the blank from the end of the secret at the sender')
  expect(found!.remedy).not.toContain('set it without')
})

test.each(['http://10.0.0.7:3000/sms', 'http://localhost:3000/sms', 'http://app.internal/sms'])(
  'a private host was never signed: %s is named before the secret',
  async (url) => {
    const signed = await signedInit(twilio({ authToken: 'x'.repeat(32) }), undefined, undefined, {
      url: 'https://elsewhere.example/a/path/nobody/guesses',
    })
    const delivery = { ...signed, url }
    const found = await explain(delivery, twilio({ authToken: 'x'.repeat(32), publicUrl: url }))
    expect(causes(found).slice(0, 2)).toEqual(['likely url-host', 'possible secret-wrong'])
  },
)

test('JSON in a field of a form is proven by what is inside', async () => {
  const signed = github({ secret: SECRET }).sign!({ topic: 'push', body })
  const form = new URLSearchParams({ payload: body }).toString()
  const found = await explain(
    {
      ...signed,
      body: form,
      headers: { ...signed.headers, 'content-type': 'application/x-www-form-urlencoded' },
    },
    github({ secret: SECRET }),
  )
  expect(found.findings[0]).toMatchObject({ cause: 'gateway-in-front', certainty: 'proven' })
  expect(found.findings[0]!.message).toContain('the field payload of a form')
})

test.each(['x-forwarded-x-hub-signature-256', 'x-original-hub-signature-256'])(
  'a signature that came as %s is proven',
  async (name) => {
    const signed = await signedInit(github({ secret: SECRET }), 'push')
    const {
      'X-Hub-Signature-256': upper,
      'x-hub-signature-256': lower,
      ...headers
    } = signed.headers as Record<string, string>
    const found = await explain(
      { ...signed, headers: { ...headers, [name]: (upper ?? lower)! } },
      github({ secret: SECRET }),
    )
    expect(found.findings[0]).toMatchObject({ cause: 'header-renamed', certainty: 'proven' })
  },
)

test('a number that looks rounded is possible, and stands behind a wrong secret', async () => {
  const provider = (secret: string) => generic({ scheme: hmac({ header: 'x-sign' }), secret })
  const delivery = provider('quite another one').sign!({
    body: '{"id":820982911946154500,"a":1}',
  })
  const found = await explain(delivery, provider(SECRET))
  expect(causes(found)).toEqual(['likely secret-wrong', 'possible body-reserialized'])
})
